import ChatWire
import Testing

@Suite struct RoomTests {
  private let chat = RoomFixture()

  @Test func `a connection is greeted at once`() {
    chat.open("a")
    #expect(chat.read("a") == ["* chat ready - say: CONNECT <name>"])
    #expect(chat.room.connectionCount == 1)
    #expect(chat.room.onlineCount == 0)
  }

  @Test func `a newcomer is welcomed and the others are told`() {
    chat.join("ann")
    chat.open("bob")
    #expect(chat.say("CONNECT bob", "bob"))
    #expect(
      chat.read("bob").dropFirst().first == "* Welcome, bob! 2 user(s) online. /help for commands")
    #expect(chat.read("ann") == ["* bob joined"])
    #expect(chat.room.onlineCount == 2)
  }

  @Test func `a public message goes to everybody, its sender included`() {
    chat.join("ann")
    chat.join("bob", options: "time")
    chat.say("hi * there", "ann")
    #expect(chat.read("ann") == ["<ann> hi * there"])
    #expect(chat.read("bob") == ["@1700000000 <ann> hi * there"])
  }

  @Test func `a connection without a name hears nothing`() {
    chat.join("ann")
    chat.open("x")
    _ = chat.read("x")
    chat.say("hi", "ann")
    #expect(chat.read("x").isEmpty)
  }

  @Test func `two slashes, me, who, ping and help are answered`() {
    chat.join("zed")
    chat.join("ann")
    chat.say("//who", "ann")
    chat.say("/me waves", "ann")
    #expect(chat.read("zed") == ["<ann> /who", "* ann waves"])
    _ = chat.read("ann")
    chat.say("/who", "ann")
    chat.say("/ping x", "ann")
    #expect(chat.read("ann") == ["* 2 online: ann, zed", "PONG x"])
    chat.say("/help", "ann")
    #expect(chat.read("ann") == ServerLine.help.map(\.formatted))
    #expect(chat.read("zed").isEmpty)
  }

  @Test func `a private message is seen by two`() {
    for name in ["ann", "Bob", "eve"] { chat.join(name) }
    chat.say("/msg bob psst", "ann")
    #expect(chat.read("Bob") == ["-ann- psst"])
    #expect(chat.read("ann") == ["-> Bob: psst"])
    #expect(chat.read("eve").isEmpty)
  }

  @Test(arguments: ["zed", "not/a/name", "\u{1B}[2J"])
  func `a private message to nobody is answered and no strike`(_ name: String) {
    chat.join("ann")
    for _ in 0..<5 {
      #expect(chat.say("/msg \(name) psst", "ann"))
      #expect(chat.read("ann").allSatisfy { $0.hasPrefix("! 401 ") && !$0.contains("\u{1B}") })
    }
  }

  @Test(arguments: [("/foo", "! 421 "), ("/me", "! 412 "), ("/msg ann", "! 412 ")])
  func `a slip of the hand is answered and no strike`(_ line: String, _ start: String) {
    chat.join("ann")
    for _ in 0..<5 {
      #expect(chat.say(line, "ann"))
      #expect(chat.read("ann").first?.hasPrefix(start) == true)
    }
  }

  @Test func `a rename is told to everybody and frees the old name`() {
    chat.join("ann")
    chat.join("bob")
    chat.say("/nick anna", "ann")
    #expect(chat.read("ann") == ["* ann is now anna"])
    #expect(chat.read("bob") == ["* ann is now anna"])
    chat.say("/nick ann", "bob")
    #expect(chat.read("anna").isEmpty)
    #expect(chat.room.names.map(\.text) == ["ann", "anna"])
  }

  @Test func `a name may change its case`() {
    chat.join("ann")
    chat.say("/nick Ann", "ann")
    #expect(chat.read("ann") == ["* ann is now Ann"])
    chat.say("/nick Ann", "ann")
    #expect(chat.read("ann") == ["* you are Ann already"])
    #expect(chat.room.names.map(\.text) == ["Ann"])
  }

  @Test func `a taken name is refused in any case, and may be tried again`() {
    chat.join("ann")
    chat.open("x")
    _ = chat.read("x")
    #expect(chat.say("CONNECT ANN", "x"))
    #expect(chat.read("x") == ["! 433 name taken: ANN"])
    #expect(chat.say("CONNECT bob", "x"))
    #expect(chat.room.onlineCount == 2)
  }

  @Test(arguments: [
    ("CONNECT <x>", "! 432 "), ("CONNECT server", "! 432 "), ("hello", "! 400 "),
    ("CONNECT", "! 400 "), ("CONNECT ann", "! 433 "),
  ])
  func `three strikes close a connection that has no name`(
    _ line: String, _ start: String
  ) {
    chat.join("ann")
    chat.open("x")
    _ = chat.read("x")
    #expect(chat.say(line, "x"))
    #expect(chat.say(line, "x"))
    #expect(!chat.say(line, "x"))
    #expect(chat.read("x").map { $0.hasPrefix(start) } == [true, true, true])
    #expect(chat.endings("x") == [.flush])
    #expect(chat.read("ann").isEmpty)
  }

  @Test func `three lines over the limit or not UTF-8 close a user's connection`() {
    chat.join("ann")
    chat.join("eve")
    #expect(chat.sayTooLong("eve"))
    #expect(chat.say([0xFF], "eve"))
    #expect(chat.say("still here", "eve"))
    #expect(!chat.sayTooLong("eve"))
    #expect(
      chat.read("eve") == [
        "! 413 line too long (limit 2048 bytes), ignored", "! 415 not valid UTF-8, ignored",
        "<eve> still here", "! 413 line too long (limit 2048 bytes), ignored",
      ])
    #expect(chat.read("ann") == ["<eve> still here", "* eve left (too many errors)"])
    #expect(chat.endings("eve") == [.flush])
  }

  @Test func `blank lines are ignored before and after CONNECT`() {
    chat.open("ann")
    _ = chat.read("ann")
    for _ in 0..<5 { #expect(chat.say(" ", "ann")) }
    #expect(chat.read("ann").isEmpty)
    chat.join("bob")
    for _ in 0..<5 { #expect(chat.say("", "bob")) }
    #expect(chat.read("bob").isEmpty)
  }

  @Test func `a quit is told with its reason and flushed`() {
    chat.join("ann")
    chat.join("bob")
    #expect(!chat.say("/quit so long", "ann"))
    #expect(chat.read("bob") == ["* ann left (so long)"])
    #expect(chat.endings("ann") == [.flush])
    #expect(!chat.say("ghost", "ann"))
    #expect(chat.read("bob").isEmpty)
  }

  @Test(arguments: [
    (LeaveReason.disconnected, Ending.flush), (.connectionLost, .reset), (.pingTimeout, .reset),
  ])
  func `every way of leaving is told once, and the count is right at once`(
    _ reason: LeaveReason, _ ending: Ending
  ) {
    chat.join("ann")
    chat.join("bob")
    chat.leave("ann", reason)
    chat.leave("ann", reason)
    #expect(chat.room.onlineCount == 1)
    #expect(chat.room.connectionCount == 1)
    #expect(chat.read("bob") == ["* ann left (\(reason))"])
    #expect(chat.endings("ann") == [ending])
  }

  @Test func `a name is free before its owner's parting is read`() {
    chat.join("ann")
    chat.join("bob")
    chat.leave("ann", .disconnected)
    #expect(chat.read("bob") == ["* ann left (disconnected)"])
    chat.open("second")
    #expect(chat.say("CONNECT ann", "second"))
    #expect(chat.read("bob") == ["* ann joined"])
  }

  @Test func `a shutdown is announced to everybody and flushed`() {
    chat.join("ann", options: "time")
    chat.open("x")
    _ = chat.read("x")
    chat.room.shutDown(at: chat.now)
    #expect(chat.read("ann") == ["@1700000000 * server is shutting down"])
    #expect(chat.read("x") == ["* server is shutting down"])
    #expect(chat.endings("ann") == [.flush])
    #expect(chat.endings("x") == [.flush])
    #expect(chat.room.connectionCount == 0)
  }

  @Test func `hostile text reaches others without a control byte`() {
    chat.join("ann")
    for seed in UInt64(0)..<1_000 {
      var random = SeededGenerator(seed: seed)
      chat.open("eve")
      _ = chat.say("CONNECT eve", "eve")
      for _ in 0..<5 { _ = chat.say(random.hostileBytes(), "eve") }
      chat.leave("eve", .disconnected)
      for line in chat.read("ann") + chat.read("eve") {
        #expect(!line.unicodeScalars.contains(where: isControl), "seed \(seed)")
        #expect(line.utf8.count <= 4_096, "seed \(seed)")
      }
    }
  }
}
