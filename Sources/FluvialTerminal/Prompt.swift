internal import FluvialPrimitives
internal import FluvialTransports

/// A line to type in, and lines printed above it: what a program that talks to its user needs.
///
/// May be used from any task; ``print(_:)`` from any thread. What it is depends on the session, see ``SessionKind``: on a
/// terminal a row at the bottom with a line editor, elsewhere lines in and lines out. ``withPrompt(_:options:on:_:)`` makes
/// one. One task takes the ``events`` while others print what arrives:
///
/// ```swift
/// try await withPrompt("> ") { prompt in
///   for try await event in prompt.events {
///     switch event {
///     case .line(let line): prompt.print("you said \(sanitizing: line)")
///     case .interrupt, .endOfInput: return
///     case .resized, .suspended, .resumed: break
///     }
///   }
/// }
/// ```
public final class Prompt: Sendable {
  /// What kind of session it is.
  public let kind: SessionKind
  /// Whether it writes in colour.
  public let isColored: Bool

  private enum Backend: Sendable {
    case screen(LoopBound<PromptCore>, Mailbox<PromptEvent>)
    case lines(LineSession)
  }

  private let backend: Backend

  init(kind: SessionKind, lines: LineSession) {
    self.kind = kind
    isColored = false
    backend = .lines(lines)
  }

  init(colored: Bool, screen: LoopBound<PromptCore>, events: Mailbox<PromptEvent>) {
    kind = .full
    isColored = colored
    backend = .screen(screen, events)
  }

  /// What the user does, in order.
  ///
  /// A wait that is cancelled loses nothing. After ``PromptEvent/endOfInput`` there is nothing more. Where lines are not
  /// edited here, a line over ``PromptOptions/maxLineLength`` throws ``/Fluvial/StreamError/Code/limitOverrun``, and the next wait
  /// goes on behind it.
  public var events: Events { Events(prompt: self) }

  /// The events of a prompt; see ``Prompt/events``.
  public struct Events: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let prompt: Prompt

    /// The next event; nil once the prompt is finished.
    ///
    /// Throws as ``Prompt/events`` says. Cancelled while it waits, it has taken nothing.
    public func next() async throws -> PromptEvent? { try await prompt.nextEvent() }

    /// The next event; nil once the prompt is finished.
    ///
    /// Throws as ``Prompt/events`` says. Cancelled while it waits, it has taken nothing.
    public func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> PromptEvent?
    { try await prompt.nextEvent() }

    /// The view itself: it has no place of its own.
    public func makeAsyncIterator() -> Events { self }
  }

  private func nextEvent() async throws -> PromptEvent? {
    switch backend {
    case .lines(let lines): return try await lines.next()
    case .screen(let core, let events):
      let event = try await events.next()
      if events.count == PromptCore.eventLimit / 2 - 1 { onCore(core) { $0.eventsTaken() } }
      return event
    }
  }

  // MARK: Output

  /// Prints a line above the prompt; never waits.
  ///
  /// While the terminal takes no output the newest 500 lines are kept.
  public func print(_ line: SafeText) {
    switch backend {
    case .lines(let lines): lines.print(line)
    case .screen(let core, _): onCore(core) { $0.print(line) }
    }
  }

  /// Puts a line that could not be used back into the row, before what was typed since.
  ///
  /// Where lines are not edited here, it does nothing.
  public func reject(_ line: String) { onScreen { $0.reject(line) } }

  /// Shows another text before the line.
  ///
  /// With `keepsHistory` false the lines entered from now on are not kept to go back to, nor in a file: for a question
  /// that is answered by a line.
  public func setText(_ text: SafeText, keepsHistory: Bool = true) {
    onScreen { $0.show(text: text, keepsHistory: keepsHistory) }
  }

  /// Rings the bell.
  public func ring() { onScreen { $0.ring() } }

  /// Asks a question in place of the line, which stays as it is, and waits for one character.
  ///
  /// Returns nil for ctrl-c and other keys that are no character, at the end of input, when cancelled, and where keys do
  /// not come one by one.
  public func ask(_ question: SafeText) async -> Character? {
    guard case .screen(let core, _) = backend else { return nil }
    let answer = OneShotWait<Character?>()
    onCore(core) { $0.ask(question, answer) }
    return await withTaskCancellationHandler {
      await answer.wait()
    } onCancel: {
      answer.finish(nil)
    }
  }

  /// Lends the terminal to another program, an editor or a pager, for the time of `body`.
  ///
  /// The row is gone meanwhile and what is printed waits. Where lines are not edited here, `body` just runs. Throws what
  /// `body` throws, and ``/FluvialTransports/UVError`` when the terminal is gone. Cancelled, `body` is, and the terminal is
  /// taken back all the same.
  public func withCooked<Result>(_ body: () async throws -> Result) async throws -> Result {
    guard case .screen(let core, _) = backend else { return try await body() }
    let terminal = await core.loop.onLoop { loop in LoopBound(core.value.terminal, on: loop) }
    return try await lending(terminal, to: body)
  }

  // MARK: Helpers

  private func onScreen(_ body: @escaping @Sendable (PromptCore) -> Void) {
    if case .screen(let core, _) = backend { onCore(core, body) }
  }

  private func onCore(
    _ core: LoopBound<PromptCore>, _ body: @escaping @Sendable (PromptCore) -> Void
  ) {
    if core.loop.isCurrent { return body(core.value) }
    // After the loop's end there is no screen any more.
    core.loop.execute { if core.loop.isCurrent { body(core.value) } }
  }
}
