public import FluvialTransports
internal import Glibc

/// Talks to the user for the time of `body`: by keys and screen on a terminal, by lines elsewhere.
///
/// When `body` ends, however it does, what was printed gets a moment to go out and the terminal is as it was found. Throws
/// what `body` throws, ``/FluvialTransports/UVError/terminalBusy`` when the process has the terminal open already, and what
/// opening the standard streams reports; and when `body` has not thrown, a ``/Fluvial/StreamError`` if what was printed to
/// something else than a terminal could not be written, as on a full disk. Cancelled, `body` is, and the terminal is put back
/// all the same.
public func withPrompt<Result>(
  _ text: SafeText, options: PromptOptions = PromptOptions(), on loop: EventLoop? = nil,
  _ body: (Prompt) async throws -> Result
) async throws -> Result {
  let loop = try EventLoop.chosen(loop)
  let kind = SessionKind.ofStandardStreams(prefersPlain: options.prefersPlain)
  let isTerminal = isatty(STDOUT_FILENO) == 1
  guard kind == .full else {
    let lines = try await LineSession(options: options, on: loop)
    return try await finishing(
      { try await lines.finish(outputIsTerminal: isTerminal) },
      after: { try await body(Prompt(kind: kind, lines: lines)) })
  }
  let colored = options.color.usesColor(isTerminal: true, environment: colorEnvironment)
  let terminal = try await Terminal.open(STDIN_FILENO, on: loop)
  return try await finishing(
    { await terminal.close() },
    after: {
      try await terminal.withMode(options.mode) {
        let (prompt, core) = try await terminal.makePrompt(text, colored: colored, options: options)
        return try await finishing(
          { await loop.onLoop { _ in core.value.finish() }?.finish(on: loop) },
          after: { try await body(prompt) })
      }
    })
}

extension Terminal {
  fileprivate func makePrompt(
    _ text: SafeText, colored: Bool, options: PromptOptions
  ) async throws -> (prompt: Prompt, core: LoopBound<PromptCore>) {
    let events = Mailbox<PromptEvent>()
    let terminal = core
    var options = options
    var failure: UVError?
    do { options.history += try options.historyFile?.load() ?? [] } catch { failure = error }
    let made = try await loop.onLoop { [options, failure] loop throws(UVError) in
      let made = PromptCore(
        on: terminal.value, text: text, colored: colored, options: options, events: events)
      try made.start()
      if let failure { made.tell(notKept: failure) }
      let core = LoopBound(made, on: loop)
      if let file = options.historyFile, failure == nil {
        made.keep(in: file) { error in
          loop.execute { if loop.isCurrent { core.value.tell(notKept: error) } }
        }
      }
      return core
    }
    return (Prompt(colored: colored, screen: made, events: events), made)
  }
}

private func finishing<Result>(
  _ finish: () async throws -> Void, after body: () async throws -> Result
) async throws -> Result {
  let result: Result
  do { result = try await body() } catch {
    // What went wrong first is what is told.
    try? await finish()
    throw error
  }
  try await finish()
  return result
}

extension SessionKind {
  /// What kind of session the standard streams and `TERM` make it.
  public static func ofStandardStreams(prefersPlain: Bool = false) -> SessionKind {
    SessionKind(
      inputIsTerminal: isatty(STDIN_FILENO) == 1, outputIsTerminal: isatty(STDOUT_FILENO) == 1,
      term: variable("TERM"), prefersPlain: prefersPlain)
  }
}

private var colorEnvironment: [String: String] {
  var environment: [String: String] = [:]
  for name in ["NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "TERM"] {
    environment[name] = variable(name)
  }
  return environment
}

private func variable(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}
