import ChatWire
import Testing

@Suite struct ClientLineTests {
  private func chat(_ line: String) -> ClientLine {
    ClientLine(parsing: Array(line.utf8), phase: .chatting)
  }

  private func connect(_ line: String) -> ClientLine {
    ClientLine(parsing: Array(line.utf8), phase: .connecting)
  }

  @Test func `a CONNECT carries a name and its options`() {
    #expect(connect("CONNECT ann") == .connect(name: "ann", options: []))
    #expect(connect("CONNECT ann ping time") == .connect(name: "ann", options: [.ping, .time]))
    #expect(connect("CONNECT ann time") == .connect(name: "ann", options: .time))
    #expect(connect("CONNECT  ann\tping\r") == .connect(name: "ann", options: .ping))
  }

  @Test func `unknown words after the name are ignored`() {
    #expect(connect("CONNECT ann colour ping v=2") == .connect(name: "ann", options: .ping))
  }

  @Test(arguments: ["hello", "CONNECT", "CONNECT ", "connect ann", "/quit", "CONNECTann", "GET / "])
  func `a first line that is no CONNECT or has no name is a bad request`(_ line: String) {
    #expect(connect(line) == .malformed(.expectedConnect))
  }

  @Test func `once connected, CONNECT is a word like any other`() {
    #expect(chat("CONNECT the cable") == .text("CONNECT the cable"))
  }

  @Test func `plain text is a public message, kept as it is`() {
    #expect(chat("  hello  world ") == .text("  hello  world "))
  }

  @Test func `two slashes send one`() {
    #expect(chat("//who") == .text("/who"))
    #expect(chat("//") == .text("/"))
    #expect(chat("///") == .text("//"))
  }

  @Test func `every command is understood`() {
    #expect(chat("/who") == .who)
    #expect(chat("/help") == .help)
    #expect(chat("/nick  anna ") == .nick("anna"))
    #expect(chat("/nick") == .nick(""))
    #expect(chat("/msg bob hi there") == .message(to: "bob", text: "hi there"))
    #expect(chat("/msg  bob  hi") == .message(to: "bob", text: " hi"))
    #expect(chat("/me waves") == .action("waves"))
    #expect(chat("/ping") == .ping(""))
    #expect(chat("/ping a b") == .ping("a b"))
    #expect(chat("/pong 17") == .pong("17"))
    #expect(chat("/quit") == .quit(reason: ""))
    #expect(chat("/quit so long") == .quit(reason: "so long"))
  }

  @Test(arguments: ["/me", "/me ", "/me  \t", "/msg", "/msg bob", "/msg bob  "])
  func `a command without its text has nothing to send`(_ line: String) {
    #expect(chat(line) == .malformed(.nothingToSend))
  }

  @Test(arguments: ["/", "/ who", "/WHO", "/whoami", "/nick:", "/\u{1B}[2J"])
  func `an unknown command is named in the answer`(_ line: String) {
    guard case .malformed(let error) = chat(line) else {
      Issue.record("\(line) was understood")
      return
    }
    #expect(error.code == .unknownCommand)
    #expect(!error.text.contains("\u{1B}"))
  }

  @Test func `a monstrous unknown command is not echoed in full`() {
    guard case .malformed(let error) = chat("/" + String(repeating: "x", count: 2_000)) else {
      Issue.record("it was understood")
      return
    }
    #expect(error.text.count < 80)
  }

  @Test(arguments: ["", " ", "\t \t", "\r", "\u{3000}", "\u{A0}"])
  func `a blank line is nothing`(_ line: String) {
    #expect(chat(line) == .blank)
    #expect(connect(line) == .blank)
  }

  @Test(arguments: [[0xFF], [0x61, 0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x9B, 0x31]])
  func `a line that is not UTF-8 is dropped whole`(_ bytes: [UInt8]) {
    #expect(ClientLine(parsing: bytes, phase: .chatting) == .malformed(.notUTF8))
    #expect(ClientLine(parsing: bytes, phase: .connecting) == .malformed(.notUTF8))
  }

  @Test func `controls in a message arrive as replacement characters`() {
    #expect(chat("a\u{0}b\u{1B}[31m\tc\rd") == .text("a\u{FFFD}b\u{FFFD}[31m c\u{FFFD}d"))
    #expect(chat("/nick a\u{202E}b") == .nick("a\u{FFFD}b"))
  }

  @Test func `one return before the newline is dropped`() {
    #expect(chat("hi\r") == .text("hi"))
    #expect(chat("hi\r\r") == .text("hi\u{FFFD}"))
  }

  @Test func `what cannot be sent has no form`() {
    #expect(ClientLine.blank.formatted == nil)
    #expect(ClientLine.malformed(.notUTF8).formatted == nil)
  }

  @Test func `a newline in a text cannot smuggle in a second line`() {
    #expect(ClientLine.text("hi\n/quit").formatted == "hi\u{FFFD}/quit")
    #expect(
      ClientLine.message(to: "bob", text: "a\r\nb").formatted == "/msg bob a\u{FFFD}\u{FFFD}b")
  }

  @Test func `random bytes never trap, and what is understood survives a round trip`() {
    for seed in UInt64(0)..<5_000 {
      var random = SeededGenerator(seed: seed)
      let bytes = random.hostileBytes()
      for phase in [ClientLine.Phase.connecting, .chatting] {
        let line = ClientLine(parsing: bytes, phase: phase)
        guard let formatted = line.formatted else { continue }
        #expect(!formatted.unicodeScalars.contains(where: isControl), "seed \(seed)")
        #expect(ClientLine(parsing: Array(formatted.utf8), phase: phase) == line, "seed \(seed)")
      }
    }
  }

  @Test func `formatting and parsing are inverse`() {
    for seed in UInt64(0)..<2_000 {
      var random = SeededGenerator(seed: seed)
      let text = "x" + random.hostileText().cleaned
      let lines: [ClientLine] = [
        .text(text), .text("/" + text), .who, .help, .nick("ann"), .message(to: "bob", text: text),
        .action(text), .ping(text), .pong(text), .quit(reason: text),
      ]
      for line in lines {
        #expect(chat(line.formatted ?? "") == line, "seed \(seed)")
      }
      for options in [[], .ping, .time, [.ping, .time]] as [ConnectOptions] {
        let line = ClientLine.connect(name: "ann", options: options)
        #expect(connect(line.formatted ?? "") == line)
      }
    }
  }
}
