import FluvialTerminal
import Testing

@Suite struct SessionKindTests {
  @Test(arguments: ["xterm-256color", "screen", "linux"])
  func `two terminals with a usable name make a full session`(_ term: String) {
    #expect(SessionKind(inputIsTerminal: true, outputIsTerminal: true, term: term) == .full)
  }

  @Test(arguments: [nil, "", "dumb"])
  func `a terminal without a usable name makes a plain session`(_ term: String?) {
    #expect(SessionKind(inputIsTerminal: true, outputIsTerminal: true, term: term) == .plain)
  }

  @Test(arguments: [nil, "dumb", "xterm"])
  func `output that is no terminal makes a plain session`(_ term: String?) {
    #expect(SessionKind(inputIsTerminal: true, outputIsTerminal: false, term: term) == .plain)
  }

  @Test(arguments: [true, false])
  func `input that is no terminal makes a batch session`(_ outputIsTerminal: Bool) {
    #expect(
      SessionKind(inputIsTerminal: false, outputIsTerminal: outputIsTerminal, term: "xterm")
        == .batch)
    #expect(
      SessionKind(
        inputIsTerminal: false, outputIsTerminal: outputIsTerminal, term: nil, prefersPlain: true)
        == .batch)
  }

  @Test func `a plain session can be asked for`() {
    #expect(
      SessionKind(inputIsTerminal: true, outputIsTerminal: true, term: "xterm", prefersPlain: true)
        == .plain)
  }
}

@Suite struct ColorChoiceTests {
  private func auto(_ isTerminal: Bool, _ environment: [String: String]) -> Bool {
    ColorChoice.auto.usesColor(isTerminal: isTerminal, environment: environment)
  }

  @Test func `a choice beats everything`() {
    let against = ["NO_COLOR": "1", "TERM": "dumb"]
    #expect(ColorChoice.always.usesColor(isTerminal: false, environment: against))
    #expect(!ColorChoice.never.usesColor(isTerminal: true, environment: ["FORCE_COLOR": "1"]))
    #expect(ColorChoice(rawValue: "always") == .always && ColorChoice(rawValue: "") == nil)
  }

  @Test func `left alone, colour needs a terminal with a usable name`() {
    #expect(auto(true, ["TERM": "xterm"]))
    #expect(!auto(false, ["TERM": "xterm"]))
    #expect(!auto(true, ["TERM": "dumb"]) && !auto(true, ["TERM": ""]) && !auto(true, [:]))
  }

  @Test func `NO_COLOR counts if it is not empty`() {
    #expect(!auto(true, ["TERM": "xterm", "NO_COLOR": "1"]))
    #expect(!auto(true, ["TERM": "xterm", "NO_COLOR": "0"]))
    #expect(auto(true, ["TERM": "xterm", "NO_COLOR": ""]))
    #expect(!auto(true, ["TERM": "xterm", "NO_COLOR": "1", "FORCE_COLOR": "1"]))
  }

  @Test(arguments: ["CLICOLOR_FORCE", "FORCE_COLOR"])
  func `colour can be forced where there is no terminal`(_ name: String) {
    #expect(auto(false, [name: "1"]))
    #expect(!auto(false, [name: "0"]) && !auto(false, [name: ""]))
  }
}

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
