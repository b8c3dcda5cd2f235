import ChatWire
import Testing

@Suite struct RoomLimitsTests {
  private let chat = RoomFixture()

  private func limited(_ change: (inout ChatLimits) -> Void) -> RoomFixture {
    var limits = ChatLimits()
    change(&limits)
    return RoomFixture(limits: limits)
  }

  @Test func `history is replayed between two marks, with its own times`() {
    chat.join("ann")
    for number in 1...30 {
      chat.wait(.seconds(1))
      chat.say("line \(number)", "ann")
    }
    chat.say("/msg ann secret", "ann")
    chat.open("bob")
    chat.say("CONNECT bob time", "bob")
    let lines = chat.read("bob")
    #expect(lines[2] == "@1700000030 * ---")
    #expect(lines[3] == "@1700000011 <ann> line 11")
    #expect(lines[22] == "@1700000030 <ann> line 30")
    #expect(lines[23] == "@1700000030 * ---")
    #expect(lines.count == 24)
  }

  @Test func `history holds public notices as well`() {
    chat.join("ann")
    chat.say("/me waves", "ann")
    chat.say("/nick anna", "ann")
    chat.leave("ann", .disconnected)
    chat.open("bob")
    chat.say("CONNECT bob", "bob")
    #expect(
      chat.read("bob").dropFirst(2) == [
        "* ---", "* ann joined", "* ann waves", "* ann is now anna", "* anna left (disconnected)",
        "* ---",
      ])
  }

  @Test func `without history there are no marks`() {
    chat.open("ann")
    chat.say("CONNECT ann", "ann")
    #expect(chat.read("ann").count == 2)
  }

  @Test func `a room may keep no history`() {
    let chat = limited { $0.history = 0 }
    chat.join("ann")
    chat.open("bob")
    chat.say("CONNECT bob", "bob")
    #expect(chat.read("bob").count == 2)
  }

  @Test func `the connection over the limit is told and closed`() {
    let chat = limited { $0.maxClients = 2 }
    #expect(chat.open("a"))
    #expect(chat.open("b"))
    #expect(!chat.open("c"))
    #expect(chat.read("c") == ["! 503 too many connections, try again later"])
    #expect(chat.endings("c") == [.flush])
    chat.leave("a", .disconnected)
    #expect(chat.open("d"))
  }

  @Test func `one address gets sixteen connections`() {
    for number in 0..<16 { #expect(chat.open("a\(number)", from: "192.0.2.1")) }
    #expect(!chat.open("x", from: "192.0.2.1"))
    #expect(chat.read("x").first?.hasPrefix("! 503 ") == true)
    #expect(chat.open("y", from: "192.0.2.2"))
    chat.leave("a3", .connectionLost)
    #expect(chat.open("z", from: "192.0.2.1"))
    #expect(!chat.open("w", from: "192.0.2.1"))
    for number in 0..<30 { #expect(chat.open("unix\(number)")) }
  }

  @Test func `silence before CONNECT ends after ten seconds`() {
    chat.open("x")
    _ = chat.read("x")
    #expect(chat.room.tick(at: chat.now) == .seconds(10))
    chat.wait(.milliseconds(9_999))
    #expect(chat.room.tick(at: chat.now) == .seconds(10))
    chat.heard("x")
    chat.wait(.milliseconds(1))
    #expect(chat.room.tick(at: chat.now) == nil)
    #expect(chat.read("x") == ["! 408 no CONNECT within 10 s"])
    #expect(chat.endings("x") == [.flush])
  }

  @Test func `a silent peer is asked after thirty seconds and gone after twenty more`() {
    chat.join("bob")
    chat.join("ann", options: "ping")
    #expect(chat.room.tick(at: chat.now) == .seconds(30))
    chat.wait(.seconds(30))
    #expect(chat.room.tick(at: chat.now) == .seconds(50))
    #expect(chat.read("ann") == ["PING 1700000030"])
    chat.wait(.seconds(19))
    #expect(chat.room.tick(at: chat.now) == .seconds(50))
    chat.wait(.seconds(1))
    #expect(chat.room.tick(at: chat.now) == nil)
    #expect(chat.endings("ann") == [.reset])
    #expect(chat.read("bob") == ["* ann left (ping timeout)"])
  }

  @Test func `any byte answers a PING`() {
    chat.join("ann", options: "ping")
    chat.wait(.seconds(30))
    _ = chat.room.tick(at: chat.now)
    chat.wait(.seconds(10))
    chat.heard("ann")
    #expect(chat.room.tick(at: chat.now) == .seconds(70))
    chat.wait(.seconds(30))
    _ = chat.room.tick(at: chat.now)
    #expect(chat.say("/pong 1", "ann"))
    #expect(chat.room.tick(at: chat.now) == .seconds(100))
    #expect(chat.read("ann").count == 2)
  }

  @Test func `without the ping option nobody is asked`() {
    chat.join("ann")
    chat.wait(.seconds(100_000))
    #expect(chat.room.tick(at: chat.now) == nil)
    #expect(chat.read("ann").isEmpty)
    #expect(chat.room.onlineCount == 1)
  }

  @Test func `a flood is told once a spell and slowed to the rate`() {
    chat.join("ann")
    for _ in 0..<10 { #expect(chat.admit("ann") == .zero) }
    #expect(chat.admit("ann") == .milliseconds(250))
    #expect(chat.read("ann") == ["! 429 too fast, your lines are slowed to 4 a second"])
    chat.wait(.milliseconds(250))
    #expect(chat.admit("ann") == .milliseconds(250))
    #expect(chat.read("ann").isEmpty)
    chat.wait(.seconds(10))
    #expect(chat.admit("ann") == .zero)
  }

  @Test func `a flood of a minute ends the connection`() {
    chat.join("ann")
    chat.join("bob")
    while let wait = chat.admit("ann") { chat.wait(wait) }
    #expect(chat.now.uptime == .seconds(60))
    #expect(chat.read("bob") == ["* ann left (flood)"])
    #expect(chat.endings("ann") == [.flush])
  }

  @Test func `a slow reader is reset and told of, and the others lose nothing`() {
    for name in ["ann", "slow", "bob"] { chat.join(name) }
    chat.sinks["slow"]?.room = 20
    chat.say("one", "ann")
    chat.say("two two two", "ann")
    chat.say("three", "bob")
    let seen = ["<ann> one", "<ann> two two two", "* slow left (too slow)", "<bob> three"]
    #expect(chat.read("ann") == seen)
    #expect(chat.read("bob") == seen)
    #expect(chat.read("slow") == ["<ann> one"])
    #expect(chat.endings("slow") == [.reset])
  }

  @Test func `readers whom the notice about a slow one fills are dropped too`() {
    for name in ["ann", "s1", "s2", "s3"] { chat.join(name) }
    chat.sinks["s1"]?.room = 0
    chat.sinks["s2"]?.room = 12
    chat.sinks["s3"]?.room = 40
    chat.say("hi", "ann")
    #expect(chat.room.names.map(\.text) == ["ann"])
    #expect(
      chat.read("ann") == [
        "<ann> hi", "* s1 left (too slow)", "* s2 left (too slow)", "* s3 left (too slow)",
      ])
  }

  @Test func `a sender who does not read is told of by its own message`() {
    chat.join("ann")
    chat.join("bob")
    chat.sinks["ann"]?.room = 0
    #expect(!chat.say("hi", "ann"))
    #expect(chat.read("bob") == ["<ann> hi", "* ann left (too slow)"])
  }

  @Test func `a line for two hundred is formatted once`() {
    for number in 0..<200 { chat.join("user\(number)") }
    chat.say("hi", "user7")
    let buffers = Set(chat.sinks.values.compactMap { $0.lines.last }.map(address))
    #expect(chat.sinks.count == 200)
    #expect(buffers.count == 1)
  }

  @Test func `everybody who stays reads the same sequence`() {
    for seed in UInt64(0)..<50 {
      var random = SeededGenerator(seed: seed)
      let chat = RoomFixture()
      for number in 0..<10 { chat.join("user\(number)") }
      chat.sinks["user9"]?.room = 500
      for number in 0..<200 {
        chat.say("line \(number)", "user\(Int.random(in: 0..<10, using: &random))")
      }
      let sequences = Set((0..<9).map { chat.read("user\($0)") })
      #expect(sequences.count == 1, "seed \(seed)")
      #expect(sequences.first?.contains("* user9 left (too slow)") == true, "seed \(seed)")
    }
  }

  @Test func `random comings and goings leave the room consistent`() {
    for seed in UInt64(0)..<100 {
      var random = SeededGenerator(seed: seed)
      let chat = limited { $0.maxClients = 6 }
      let labels = (0..<9).map { "c\($0)" }
      for _ in 0..<200 {
        let label = labels.randomElement(using: &random) ?? ""
        switch Int.random(in: 0..<8, using: &random) {
        case 0 where chat.endings(label).count == 1 || chat.ids[label] == nil: chat.open(label)
        case 1: chat.leave(label, .connectionLost)
        case 2: chat.sinks[label]?.room = Int.random(in: 0..<2_000, using: &random)
        case 3: chat.say(random.hostileBytes(), label)
        case 4: _ = chat.room.tick(at: chat.now)
        case 5: chat.wait(.seconds(Int.random(in: 0...12, using: &random)))
        default: chat.say("CONNECT u\(Int.random(in: 0..<4, using: &random)) ping", label)
        }
        let open = labels.filter { label in chat.ids[label].map(chat.room.contains) == true }
        let named = open.compactMap { label in chat.ids[label].flatMap(chat.room.name) }
        #expect(chat.room.connectionCount == open.count, "seed \(seed)")
        #expect(Set(named) == Set(chat.room.names), "seed \(seed)")
        #expect(named.count == chat.room.onlineCount, "seed \(seed)")
        #expect(open.allSatisfy { chat.endings($0).isEmpty }, "seed \(seed)")
        #expect(labels.allSatisfy { chat.endings($0).count <= 1 }, "seed \(seed)")
      }
    }
  }
}

/// Where the bytes of an array are: copies that share their memory have the same.
private func address(of bytes: [UInt8]) -> UInt {
  unsafe bytes.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
}
