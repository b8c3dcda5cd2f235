import TestSupport

/// A run of the probe on a terminal of its own, from before its start until after its end.
struct ProbeRun {
  let terminal: PseudoTerminal
  let probe: Child
  let before: TerminalAttributes

  /// What the guard writes by default when a mode is left.
  static let offString = "\u{1b}[?2004l\u{1b}[0m\u{1b}[?25h\r\u{1b}[J"

  /// What the probe has the guard write when a mode is entered.
  static let onString = "\u{1b}[?2004h"

  init(_ words: String..., environment: [String: String] = [:]) throws {
    let program = try BuiltProducts.executable("terminal-guard-probe")
    terminal = try PseudoTerminal()
    before = try terminal.attributes()
    probe = try terminal.spawn(program, words, environment: environment)
  }

  /// Waits for the end, and reads what is left to read.
  func finish() throws -> Remains {
    let ending = try terminal.wait(for: probe)
    let after = try terminal.attributes()
    return try Remains(
      ending: ending, isRestored: after == before, after: after, output: terminal.readRest())
  }

  /// What a probe leaves behind.
  struct Remains {
    var ending: Ending
    var isRestored: Bool
    var after: TerminalAttributes
    var output: String

    /// Whether the off string came after the on string, once or more.
    var isSwitchedOff: Bool {
      let parts = output.split(separator: ProbeRun.onString, omittingEmptySubsequences: false)
      return parts.count > 1 && parts.dropFirst().allSatisfy { $0.contains(ProbeRun.offString) }
    }
  }
}
