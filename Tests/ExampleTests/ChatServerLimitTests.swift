import ChatServing
import ChatWire
import Fluvial
import Testing

@testable import chat_load

@Suite struct ChatServerLimitTests {
  @Test func `a flood is slowed down to its rate, told once, and loses no line`() throws {
    try withChat(limits: .with(\.burst, 4).with(\.rate, 10)) { server in
      let ann = try await server.visit()
      let clock = server.loop.clock
      let start = clock.now
      // At once: who is held up between two lines sends no flood.
      try await ann.say((["CONNECT ann"] + (1...12).map { "line \($0)" }).joined(separator: "\n"))
      let lines = try await ann.skip(to: "<ann> line 12")
      // 13 lines, 4 of them at once, the others 100 ms apart.
      #expect(start.duration(to: clock.now) >= .milliseconds(890))
      #expect(lines.count { $0.hasPrefix("! 429") } == 1)
      #expect(lines.contains("! 429 too fast, your lines are slowed to 10 a second"))
      #expect(lines.filter { $0.hasPrefix("<ann>") } == (1...11).map { "<ann> line \($0)" })
    }
  }

  @Test func `many bytes are a flood as well`() throws {
    try withChat(limits: .with(\.bytesPerSecond, 10_000)) { server in
      let ann = try await server.join("ann")
      let start = server.loop.clock.now
      let line = String(repeating: "x", count: 2_000)
      for _ in 1...6 { try await ann.say(line) }
      for _ in 1...6 { try await ann.skip(to: "<ann> \(line)") }
      // A burst of a second's worth, and 2 KB beyond it.
      #expect(start.duration(to: server.loop.clock.now) >= .milliseconds(150))
    }
  }

  @Test func `nothing is read from a flood that has to wait`() throws {
    try withChat(limits: .with(\.burst, 2).with(\.rate, 0.01).with(\.flushWait, .milliseconds(100)))
    { server in
      let bob = try await server.join("bob")
      let ann = try await server.visit()
      try await ann.say("CONNECT ann", "one", "two", "three")
      try await ann.skip(to: "! 429 too fast, your lines are slowed to 0.01 a second")
      try await bob.expect("* ann joined", "<ann> one")
      // Far more than all buffers on the way have room for: it must not go through.
      let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1_023) + [0x0A]
      await #expect(throws: TimeoutError.self) {
        try await withTimeout(.milliseconds(500)) {
          for _ in 0..<64 * 1_024 { try await ann.send(line) }
        }
      }
    }
  }

  @Test func `a flood that goes on for too long ends the connection`() throws {
    try withChat(
      limits: .with(\.burst, 2).with(\.rate, 50).with(\.floodPatience, .milliseconds(200))
    ) { server in
      let bob = try await server.join("bob")
      let ann = try await server.visit()
      try await ann.say("CONNECT ann")
      for number in 1...200 { try await ann.say("line \(number)") }
      try await bob.skip(to: "* ann left (flood)")
      #expect(try await ann.rest().last == "! 429 too many lines for too long, goodbye")
    }
  }

  @Test func `who does not read is dropped at the limit, and nobody else notices`() throws {
    try withChat(
      within: .seconds(60),
      limits: .with(\.outgoingQueue, 32 * 1_024).with(\.burst, 1_000_000).with(
        \.bytesPerSecond, 1 << 30)
    ) { server in
      let ann = try await server.join("ann")
      let bob = try await server.join("bob")
      let port = try #require(server.localAddress?.port)
      let slow = try DeafSocket(port: port, sending: "CONNECT slow\n")
      try await ann.expect("* bob joined", "* slow joined")
      try await bob.expect("* slow joined")
      let padding = String(repeating: "x", count: 1_000)
      var sent = 0
      var isGone = false
      while !isGone {
        sent += 1
        try #require(sent < 20_000)
        try await ann.say("\(sent) \(padding)")
        let before = try await ann.skip(to: "<ann> \(sent) \(padding)")
        isGone = before.contains("* slow left (too slow)")
        if isGone { break }
      }
      // The notice and the line that was too much come in this order to everybody.
      var number = 0
      for line in try await bob.settle() where line.hasPrefix("<ann>") {
        number += 1
        #expect(line == "<ann> \(number) \(padding)")
      }
      #expect(number == sent)
      #expect(sent > 32)
      withExtendedLifetime(slow) {}
    }
  }

  @Test func `one connection too many is told so, and let in when there is room`() throws {
    try withChat(limits: .with(\.maxClients, 2)) { server in
      let ann = try await server.join("ann")
      let second = try await server.visit()
      let port = try #require(server.localAddress?.port)
      let third = try await ChatVisitor(port: port)
      #expect(try await third.rest() == ["! 503 too many connections, try again later"])
      try await ann.say("/quit")
      _ = try await ann.rest()
      let fourth = try await server.visit()
      withExtendedLifetime((second, fourth)) {}
    }
  }

  @Test func `one address has its own limit`() throws {
    try withChat(limits: .with(\.maxPerAddress, 1)) { server in
      let ann = try await server.join("ann")
      let port = try #require(server.localAddress?.port)
      let second = try await ChatVisitor(port: port)
      #expect(
        try await second.rest() == [
          "! 503 too many connections from your address, try again later"
        ])
      try await ann.say("still here")
      try await ann.expect("<ann> still here")
    }
  }
}
