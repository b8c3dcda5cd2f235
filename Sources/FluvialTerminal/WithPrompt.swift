public import FluvialTransports
internal import Glibc

/// Talks to the user for the time of `body`: by keys and screen on a terminal, by lines elsewhere.
///
/// When `body` ends, however it does, what was printed gets a moment to go out and the terminal is as it was found. Throws
/// what `body` throws, ``/FluvialTransports/UVError/terminalBusy`` when the process has the terminal open already, and what
/// opening the standard streams reports. Cancelled, `body` is, and the terminal is put back all the same.
public func withPrompt<Result>(
  _ text: SafeText, options: PromptOptions = PromptOptions(), on loop: EventLoop? = nil,
  _ body: (Prompt) async throws -> Result
) async throws -> Result {
  let loop = loop ?? .current ?? .shared
  let kind = SessionKind.ofStandardStreams(prefersPlain: options.prefersPlain)
  let isTerminal = isatty(STDOUT_FILENO) == 1
  guard kind == .full else {
    let lines = try await LineSession(options: options, on: loop)
    return try await finishing(
      { await lines.finish(outputIsTerminal: isTerminal) },
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
          { await loop.onLoop { _ in core.value.finish() } }, after: { try await body(prompt) })
      }
    })
}

extension Terminal {
  fileprivate func makePrompt(
    _ text: SafeText, colored: Bool, options: PromptOptions
  ) async throws -> (prompt: Prompt, core: LoopBound<PromptCore>) {
    let events = Mailbox<PromptEvent>()
    let terminal = core
    let made = try await loop.onLoop { loop throws(UVError) in
      let made = PromptCore(
        on: terminal.value, text: text, colored: colored, options: options, events: events)
      try made.start()
      return LoopBound(made, on: loop)
    }
    return (Prompt(colored: colored, screen: made, events: events), made)
  }
}

private func finishing<Result>(
  _ finish: () async -> Void, after body: () async throws -> Result
) async throws -> Result {
  let result: Swift.Result<Result, any Error>
  do { result = .success(try await body()) } catch { result = .failure(error) }
  await finish()
  return try result.get()
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
