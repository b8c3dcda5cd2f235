import ChatWire
import Testing

@Suite struct ChatLimitsTests {
  private func read(
    _ arguments: [String] = [], _ environment: [String: String] = [:]
  ) throws -> ChatLimits {
    var arguments = arguments
    return try ChatLimits(arguments: &arguments, environment: environment)
  }

  @Test func `the defaults are those of the protocol`() throws {
    let limits = try read()
    #expect(limits == ChatLimits())
    #expect(limits.maxLine == 2_048)
    #expect(limits.maxServerLine == 4_096)
    #expect(limits.burst == 10)
    #expect(limits.rate == 4)
    #expect(limits.bytesPerSecond == 8_192)
    #expect(limits.floodPatience == .seconds(60))
    #expect(limits.outgoingQueue == 262_144)
    #expect(limits.helloWait == .seconds(10))
    #expect(limits.pingSilence == .seconds(30))
    #expect(limits.pingWait == .seconds(20))
    #expect(limits.flushWait == .seconds(2))
    #expect(limits.strikes == 3)
    #expect(limits.maxClients == 512)
    #expect(limits.maxPerAddress == 16)
    #expect(limits.history == 20)
  }

  @Test func `every variable is read`() throws {
    let limits = try read(
      [],
      [
        "CHAT_BURST": "3", "CHAT_RATE": "0.5", "CHAT_OUTQ": "4096", "CHAT_HELLO_S": "0.2",
        "CHAT_PING_S": "1", "CHAT_PINGWAIT_S": "2.5", "CHAT_MAXLINE": "100", "HOME": "/",
      ])
    #expect(limits.burst == 3)
    #expect(limits.rate == 0.5)
    #expect(limits.outgoingQueue == 4_096)
    #expect(limits.helloWait == .milliseconds(200))
    #expect(limits.pingSilence == .seconds(1))
    #expect(limits.pingWait == .milliseconds(2_500))
    #expect(limits.maxLine == 100)
  }

  @Test func `flags are taken out and the rest is left`() throws {
    var arguments = ["--host", "::1", "--burst", "5", "--rate=2", "--max-clients", "9", "x=y"]
    let limits = try ChatLimits(arguments: &arguments, environment: [:])
    #expect(arguments == ["--host", "::1", "x=y"])
    #expect(limits.burst == 5)
    #expect(limits.rate == 2)
    #expect(limits.maxClients == 9)
  }

  @Test func `a flag wins over the environment`() throws {
    #expect(try read(["--burst", "5"], ["CHAT_BURST": "7"]).burst == 5)
  }

  @Test(
    arguments: [
      "CHAT_BURST", "CHAT_RATE", "CHAT_OUTQ", "CHAT_HELLO_S", "CHAT_PING_S", "CHAT_PINGWAIT_S",
      "CHAT_MAXLINE",
    ],
    [
      "", " ", "x", "-1", "+1", "0", "1e3", "0x10", "inf", "nan", "1.2.3", "4 ", "٣",
      "99999999999999999999999999",
    ])
  func `a malformed variable is refused by name`(_ variable: String, _ value: String) throws {
    let error = #expect(throws: ChatLimits.InvalidValue.self) { try read([], [variable: value]) }
    #expect(error?.name == variable)
    #expect(error?.value == value)
    #expect(error?.description.contains(variable) == true)
  }

  @Test func `a flag without its value is refused`() {
    let error = #expect(throws: ChatLimits.InvalidValue.self) { try read(["--burst"]) }
    #expect(error?.description == "--burst needs a value: a number from 1 to 1000000.")
    #expect(throws: ChatLimits.InvalidValue.self) { try read(["--burst="]) }
  }

  @Test func `a longer line from clients makes longer lines to them`() throws {
    #expect(try read(["--max-line", "8192"]).maxServerLine > 8_192)
  }

  @Test func `every flag has a line of help`() {
    #expect(ChatLimits.help.count == 14)
    #expect(ChatLimits.help.first == "--burst <a number from 1 to 1000000>, or CHAT_BURST")
  }
}
