public import FluvialTransports

/// What happened to a terminal besides keys.
public enum TerminalChange: Hashable, Sendable {
  /// The window has another size.
  case resized(TerminalSize)
  /// The program is about to be stopped, or was.
  case suspended
  /// The program goes on, with anything on the screen: draw it anew.
  case resumed
}

/// A key, or what else happens to a terminal.
public enum TerminalEvent: Hashable, Sendable {
  /// Something was typed, pasted or answered.
  case key(KeyEvent)
  /// The window has another size, or the program was stopped or goes on.
  case change(TerminalChange)
}

/// The terminal of the process: its modes, what is typed, and writing to it, for async code.
///
/// May be used from any task. For a line to type in, see ``Prompt``; this is what a program builds on that draws the whole
/// screen itself:
///
/// ```swift
/// let terminal = try await Terminal.open()
/// try await terminal.withMode(.raw, switchingOn: [.alternateScreen, .bracketedPaste]) {
///   for try await event in terminal.events() {
///     switch event {
///     case .key(.key(.character("c"), .control)): return
///     case .key(let key): terminal.write("\(key)\n")
///     case .change(.resized), .change(.resumed): break  // and draw everything anew
///     case .change(.suspended): break
///     }
///   }
/// }
/// await terminal.close()
/// ```
public final class Terminal: Sendable {
  /// The loop that the terminal is read on.
  public let loop: EventLoop
  let core: LoopBound<TerminalCore>
  private let news: Mailbox<TerminalChange>

  private init(_ core: LoopBound<TerminalCore>, news: Mailbox<TerminalChange>) {
    loop = core.loop
    self.core = core
    self.news = news
  }

  /// Opens the terminal that `descriptor` is on; the descriptor stays as it is.
  ///
  /// Throws ``/FluvialTransports/UVError/notATerminal``, and ``/FluvialTransports/UVError/terminalBusy`` when the process has
  /// one open already. Waits for the loop's turn only, which cancellation does not shorten.
  public static func open(_ descriptor: Int32 = 0, on loop: EventLoop? = nil) async throws
    -> Terminal
  {
    let loop = try EventLoop.chosen(loop)
    let news = Mailbox<TerminalChange>()
    let opened = try await loop.openTTY(descriptor) { TerminalCore(on: loop, changes: news) }
    let core = await loop.onLoop { loop in LoopBound(opened.value.protocol, on: loop) }
    return Terminal(core, news: news)
  }

  // MARK: Modes

  /// Sets a mode for the time of `body`, and then the one before it again, however `body` ends.
  ///
  /// Scopes nest. A scope of ``/FluvialTransports/TerminalMode/cooked`` switches the features off for its time; to run an
  /// editor in, see ``withCooked(_:)``. At the end what was written gets a moment to reach the terminal, and the outermost
  /// scope throws away what was typed and not read. The features are switched off however the program ends, and around
  /// every stop. Throws what `body` throws, and ``/FluvialTransports/UVError`` when the terminal is gone. Cancelled, `body`
  /// is, and the mode is put back all the same.
  public func withMode<Result>(
    _ mode: TerminalMode, switchingOn features: TerminalFeatures = [],
    _ body: () async throws -> Result
  ) async throws -> Result {
    let core = core
    let outer = try await loop.onLoop { _ throws(UVError) in
      try core.value.beginScope(mode, features)
    }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    await drain()
    await loop.onLoop { _ in core.value.endScope(to: outer) }
    return try result.get()
  }

  /// Lends the terminal to another program, an editor or a pager, for the time of `body`.
  ///
  /// It is as it was found meanwhile: the mode, the features, and nobody here reads it, unlike in a scope of
  /// ``/FluvialTransports/TerminalMode/cooked``. Who reads is told by ``TerminalChange/suspended`` and ``TerminalChange/resumed``, and draws
  /// anew. Throws what `body` throws, and ``/FluvialTransports/UVError`` when the terminal is gone. Cancelled, `body` is, and
  /// the terminal is taken back all the same.
  public func withCooked<Result>(_ body: () async throws -> Result) async throws -> Result {
    try await lending(core, to: body)
  }

  /// The mode that was set last.
  ///
  /// Waits for the loop's turn only, which cancellation does not shorten.
  public var mode: TerminalMode {
    get async {
      let core = core
      return await loop.onLoop { _ in core.value.transport?.mode ?? .cooked }
    }
  }

  /// Gives the terminal to the shell and stops the program, as ctrl-z does; returns when it goes on.
  ///
  /// In a raw mode ctrl-z is a key like any other, and this is what to do about it. Cancellation does not end the stop: the
  /// whole process stands still.
  public func suspend() async {
    let core = core
    await loop.onLoop { _ in core.value.transport?.suspend() }
  }

  // MARK: Size and news

  /// How many characters the window shows.
  ///
  /// Waits for the loop's turn only, which cancellation does not shorten.
  public var size: TerminalSize {
    get async {
      let core = core
      return await loop.onLoop { _ in core.value.size }
    }
  }

  /// New sizes, stops and resumings, from when the terminal was opened; ``events(escapeTimeout:)`` has them among the keys.
  ///
  /// What nobody has taken yet is kept once of each kind. Ends with the terminal.
  public var changes: Changes { Changes(mailbox: news) }

  // MARK: Writing

  /// Writes bytes as they are; from any task or thread, without waiting.
  ///
  /// What came from outside does not belong here: it could contain escape sequences. See ``SafeText``.
  public func write(_ bytes: [UInt8]) {
    let core = core
    if loop.isCurrent { core.value.write(bytes) } else { loop.execute { core.value.write(bytes) } }
  }

  /// Writes text as it is.
  ///
  /// As ``write(_:)-([UInt8])``.
  public func write(_ text: String) { write(Array(text.utf8)) }

  /// Waits until the terminal has taken what was written, at most `limit`.
  ///
  /// A terminal that was stopped with ctrl-s takes nothing. Cancellation does not shorten it; `limit` bounds it.
  public func drain(limit: Duration = .milliseconds(300)) async {
    let core = core
    let done = OneShotWait<Bool>()
    let looks =
      Int(clamping: limit.components.seconds) * 100
      + Int(limit.components.attoseconds / 10_000_000_000_000_000)
    await loop.onLoop { _ in core.value.drain(looks: looks, done) }
    _ = await done.wait()
  }

  /// Restores the terminal and gives it up; whoever reads it sees the end.
  ///
  /// Cancellation does not shorten it: it belongs into cleanup.
  public func close() async {
    let core = core
    _ = await loop.onLoop { _ in core.value.close() }.wait()
  }
}

/// Lends a terminal for the time of `body`.
func lending<Result>(_ core: LoopBound<TerminalCore>, to body: () async throws -> Result)
  async throws -> Result
{
  let loop = core.loop
  let outer = try await loop.onLoop { _ throws(UVError) in try core.value.lend() }
  let result: Swift.Result<Result, any Error>
  do { result = .success(try await body()) } catch { result = .failure(error) }
  await loop.onLoop { _ in core.value.takeBack(to: outer) }
  return try result.get()
}
