import ChatServing
import ChatWire
import Fluvial
import Testing

@testable import chat_load

@Suite struct ChatServerEndTests {
  @Test func `everybody is told that the server ends, and reads the end`() throws {
    try withChat { server in
      let ann = try await server.join("ann")
      let nameless = try await server.visit()
      async let serving: Void = server.serveForever()
      await server.shutdown()
      try await serving
      #expect(try await ann.rest() == ["* server is shutting down"])
      #expect(try await nameless.rest() == ["* server is shutting down"])
      #expect(server.connectionCount == 0)
      let port = try #require(server.localAddress?.port)
      await #expect(throws: StreamError.self) { try await ChatVisitor(port: port) }
    }
  }

  @Test func `a client that does not read holds the end up no longer than allowed`() throws {
    try withChat(
      limits: .with(\.flushWait, .milliseconds(300)).with(\.burst, 1_000_000).with(
        \.bytesPerSecond, 1 << 30)
    ) { server in
      let ann = try await server.join("ann")
      let slow = try DeafSocket(
        port: try #require(server.localAddress?.port), sending: "CONNECT slow\n")
      try await ann.expect("* slow joined")
      // More than the kernel takes for it, less than it is dropped for.
      let line = String(repeating: "x", count: 2_000)
      for _ in 1...120 {
        try await ann.say(line)
        try await ann.expect("<ann> \(line)")
      }
      let start = server.loop.clock.now
      await server.shutdown()
      let time = start.duration(to: server.loop.clock.now)
      #expect(time >= .milliseconds(250) && time < .seconds(10))
      #expect(try await ann.rest() == ["* server is shutting down"])
      withExtendedLifetime(slow) {}
    }
  }

  @Test func `an impatient second call ends it at once`() throws {
    try withChat(limits: .with(\.flushWait, .seconds(600))) { server in
      let ann = try await server.join("ann")
      let slow = try DeafSocket(
        port: try #require(server.localAddress?.port), sending: "CONNECT slow\n")
      try await ann.expect("* slow joined")
      async let ending: Void = server.shutdown()
      try await ann.expect("* server is shutting down")
      server.abort()
      await ending
      #expect(server.connectionCount == 0)
      withExtendedLifetime(slow) {}
    }
  }

  @Test func `a flood that waits for its turn does not hold up the end`() throws {
    try withChat(
      limits: .with(\.burst, 1).with(\.rate, 0.001).with(\.flushWait, .milliseconds(200))
    ) { server in
      let ann = try await server.visit()
      try await ann.say("CONNECT ann", "one", "two")
      try await ann.skip(to: "! 429 too fast, your lines are slowed to 0.001 a second")
      await server.shutdown()
      #expect(try await ann.rest().last == "* server is shutting down")
    }
  }

  @Test func `cancelling it says good-bye too`() throws {
    try withChat { server in
      let ann = try await server.join("ann")
      let serving = Task(executorPreference: server.loop.taskExecutor) {
        try await server.serveForever()
      }
      try await ann.settle()
      serving.cancel()
      await #expect(throws: CancellationError.self) { try await serving.value }
      #expect(try await ann.rest() == ["* server is shutting down"])
    }
  }

  @Test func `a port that is taken is an error, and leaves no server behind`() throws {
    try withChat { server in
      let port = try #require(server.localAddress?.port)
      let error = await #expect(throws: StreamError.self) {
        try await ChatServer.start(port: port)
      }
      #expect(error?.code == .addressInUse)
    }
  }

  @Test func `the log says what happened, in lines that are safe to read`() throws {
    let log = LineLog()
    try withChat(log: log, limits: .with(\.maxClients, 1)) { server in
      let ann = try await server.join("ann")
      let port = try #require(server.localAddress?.port)
      _ = try await ChatVisitor(port: port).rest()
      try await ann.say("/nick anna", "/quit \u{1B}[2J")
      _ = try await ann.rest()
      let other = try await server.visit()
      try other.writer.writeEOF()
      _ = try await other.rest()
    }
    #expect(
      log.lines == [
        "ann joined from 127.0.0.1",
        "refused 127.0.0.1: too many connections, try again later",
        "ann is now anna", "anna left (\u{FFFD}[2J)",
        "nameless connection from 127.0.0.1 ended (disconnected)",
      ])
  }
}
