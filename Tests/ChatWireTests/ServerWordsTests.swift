import ChatWire
import Testing

@Suite struct ServerWordsTests {
  private let ann: UserName
  private let bob: UserName

  init() throws {
    ann = try UserName("ann")
    bob = try UserName("bob")
  }

  @Test func `the notices have the words that scripts match on`() {
    #expect(ServerLine.greeting.formatted == "* chat ready - say: CONNECT <name>")
    #expect(
      ServerLine.welcome(ann, online: 3).formatted
        == "* Welcome, ann! 3 user(s) online. /help for commands")
    #expect(ServerLine.joined(ann).formatted == "* ann joined")
    #expect(ServerLine.renamed(from: ann, to: bob).formatted == "* ann is now bob")
    #expect(ServerLine.action(ann, "waves").formatted == "* ann waves")
    #expect(ServerLine.historyMark.formatted == "* ---")
    #expect(ServerLine.shuttingDown.formatted == "* server is shutting down")
  }

  @Test(arguments: [
    (LeaveReason.quit("bye"), "bye"), (.quit(""), "quit"), (.disconnected, "disconnected"),
    (.connectionLost, "connection lost"), (.pingTimeout, "ping timeout"), (.flood, "flood"),
    (.tooSlow, "too slow"), (.tooManyErrors, "too many errors"),
  ])
  func `a parting notice gives the reason`(_ reason: LeaveReason, _ words: String) {
    #expect(ServerLine.left(ann, reason).formatted == "* ann left (\(words))")
  }

  @Test func `who is online fits one line`() throws {
    let zed = try UserName("zed")
    #expect(ServerLine.online([ann, bob, zed]) == [.notice("3 online: ann, bob, zed")])
  }

  @Test func `a crowd takes several lines, each within the limit`() throws {
    let names = try (0..<512).map { try UserName("user\($0)" + String(repeating: "x", count: 15)) }
    let lines = ServerLine.online(names)
    #expect(lines.count > 1)
    for line in lines {
      #expect(
        EncodedLine(line, unixTime: 1_700_000_000).plain.count == line.formatted.utf8.count + 1)
    }
    let listed = lines.flatMap {
      $0.formatted.dropFirst("* 512 online: ".count).split(separator: ", ").map(String.init)
    }
    let expected = names.map(\.text)
    #expect(listed == expected)
  }

  @Test func `every command is in the help`() {
    let help = ServerLine.help.map(\.formatted).joined(separator: "\n")
    for command in ["/who", "/nick", "/msg", "/me", "/ping", "/quit", "//"] {
      #expect(help.contains(command))
    }
  }

  @Test func `an error is a code and a sentence`() {
    let lines: [(WireError, String)] = [
      (.expectedConnect, "! 400 say: CONNECT <name>"),
      (.noSuchUser("bob"), "! 401 no such user: bob"),
      (.noConnect(within: .seconds(10)), "! 408 no CONNECT within 10 s"),
      (.nothingToSend, "! 412 nothing to send"),
      (.lineTooLong(limit: 2_048), "! 413 line too long (limit 2048 bytes), ignored"),
      (.notUTF8, "! 415 not valid UTF-8, ignored"),
      (.unknownCommand("/foo"), "! 421 unknown command /foo, try /help"),
      (.tooFast(linesPerSecond: 4), "! 429 too fast, your lines are slowed to 4 a second"),
      (.tooFast(linesPerSecond: 0.5), "! 429 too fast, your lines are slowed to 0.5 a second"),
      (.badName(.badCharacter), "! 432 bad name: only letters, digits and _ - . are allowed"),
      (.nameTaken(ann), "! 433 name taken: ann"),
      (.serverFull, "! 503 too many connections, try again later"),
    ]
    for (error, line) in lines {
      #expect(ServerLine.error(error).formatted == line)
    }
  }

  @Test func `only what a chat program never sends is a strike`() {
    let strikes: [WireError] = [
      .expectedConnect, .badName(.empty), .nameTaken(ann), .notUTF8, .lineTooLong(limit: 1),
    ]
    let slips: [WireError] = [
      .unknownCommand("/x"), .noSuchUser("x"), .nothingToSend, .tooFast(linesPerSecond: 1),
    ]
    #expect(strikes.allSatisfy { $0.isStrike })
    #expect(!slips.contains { $0.isStrike })
  }
}
