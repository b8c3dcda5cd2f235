import FluvialTerminal
import Testing

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
