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
