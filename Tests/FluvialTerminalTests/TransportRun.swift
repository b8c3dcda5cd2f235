import TestSupport

/// A run of the probe on a terminal of its own, from before its start until after its end.
struct TransportRun {
  let terminal: PseudoTerminal
  let probe: Child
  let before: TerminalAttributes

  /// What is written whenever a mode is left.
  static let offString = "\u{1b}[?2004l\u{1b}[0m\u{1b}[?25h\r\u{1b}[J"

  init(_ words: String...) throws { try self.init(words: words) }

  init(
    words: [String], columns: Int = 80, rows: Int = 24, environment: [String: String] = [:]
  ) throws {
    terminal = try PseudoTerminal(columns: columns, rows: rows)
    before = try terminal.attributes()
    probe = try terminal.spawn(
      BuiltProducts.executable("terminal-probe"), words, environment: environment)
  }

  /// Waits for the end, and reads what is left to read.
  func finish() throws -> (ending: Ending, isRestored: Bool, output: String) {
    let ending = try terminal.wait(for: probe)
    let isRestored = try terminal.attributes() == before
    return (ending, isRestored, try terminal.readRest())
  }
}

/// A shell with job control on a terminal of its own, that runs what is typed.
struct ShellRun {
  let terminal: PseudoTerminal
  let shell: Child

  /// A prompt that no echo of a typed line can be mistaken for.
  private static let prompt = "%%"

  init(environment: [String: String] = [:]) throws {
    terminal = try PseudoTerminal()
    var all = ["PS1": "%\\[\\]%", "HISTFILE": "/dev/null"]
    all.merge(environment) { $1 }
    shell = try terminal.spawn(
      "/bin/bash", ["--norc", "--noprofile", "--noediting", "-i"], environment: all)
    try waitForPrompt()
  }

  func waitForPrompt() throws { try terminal.waitFor(Self.prompt) }

  /// Types a command and waits for its echo.
  func enter(_ command: String) throws {
    try terminal.type(command + "\n")
    try terminal.waitFor(command)
  }
}
