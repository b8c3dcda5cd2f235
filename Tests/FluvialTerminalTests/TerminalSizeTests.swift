import FluvialTerminal
import Testing

@Suite struct TerminalSizeTests {
  @Test func `what is unknown comes from the environment, then from the usual size`() {
    let unknown = TerminalSize(columns: 0, rows: 0)
    #expect(unknown.resolved() == TerminalSize(columns: 80, rows: 24))
    #expect(
      unknown.resolved(environment: ["COLUMNS": "100", "LINES": "30"])
        == TerminalSize(columns: 100, rows: 30))
    #expect(unknown.resolved(environment: ["COLUMNS": "-1", "LINES": "x"]) == .fallback)
    let half = TerminalSize(columns: 5, rows: 0)
    #expect(
      half.resolved(environment: ["COLUMNS": "9", "LINES": "2"])
        == TerminalSize(columns: 5, rows: 2))
  }

  @Test func `impossible sizes are brought into bounds`() {
    #expect(TerminalSize(columns: -3, rows: .max) == TerminalSize(columns: 0, rows: 65_535))
  }
}
