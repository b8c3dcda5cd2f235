import TestSupport

/// A run of the probe's prompt on a terminal of its own.
struct PromptRun {
  let run: TransportRun
  var terminal: PseudoTerminal { run.terminal }

  init(
    _ words: String..., columns: Int = 80, rows: Int = 24, environment: [String: String] = [:]
  ) throws {
    run = try TransportRun(
      words: ["prompt"] + words, columns: columns, rows: rows, environment: environment)
    try terminal.waitFor("ready")
  }

  /// Types a line and presses enter.
  func enter(_ line: String) throws { try terminal.type(line + "\r") }

  /// Leaves with ctrl-d, and expects everything as it was.
  func leave() throws -> (ending: Ending, isRestored: Bool, output: String) {
    try terminal.type("\u{4}")
    return try run.finish()
  }
}
