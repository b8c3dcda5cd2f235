import ChatServing
import ChatWire
import Fluvial
import Glibc
import StreamTestSupport
import Testing

@Suite struct ChatServerLeaveTests {
  // E04
  @Test func `who ends its side is gone at once, and everybody is told`() throws {
    try withChat { server in
      let ann = try await server.join("ann")
      let bob = try await server.join("bob")
      try await ann.settle()
      try ann.writer.writeEOF()
      #expect(try await ann.rest().isEmpty)
      try await bob.expect("* ann left (disconnected)")
      try await bob.say("/who")
      try await bob.expect("* 1 online: bob")
      // The name is free by the time that anybody can read that its owner is gone.
      let other = try await server.visit()
      try await other.say("CONNECT ANN")
      try await other.expect("* Welcome, ANN! 2 user(s) online. /help for commands")
    }
  }

  // E04
  @Test func `a reset is told as well, and half a line before it is dropped`() throws {
    try withChat { server in
      let ann = try await server.join("ann")
      let bob = try await server.join("bob")
      try await ann.say("whole")
      try await ann.send(Array("half".utf8))
      try await bob.expect("<ann> whole")
      ann.writer.abort()
      try await bob.expect("* ann left (connection lost)")
      try await bob.say("/who")
      try await bob.expect("* 1 online: bob")
    }
  }

  @Test func `lines sent before the end of the side are acted on, the last one without LF`() throws
  {
    try withChat { server in
      let bob = try await server.join("bob")
      let ann = try await server.visit()
      try await ann.send(Array("CONNECT ann\none\ntwo".utf8))
      try ann.writer.writeEOF()
      try await bob.expect("* ann joined", "<ann> one", "<ann> two", "* ann left (disconnected)")
      #expect(try await ann.rest().suffix(2) == ["<ann> one", "<ann> two"])
    }
  }

  @Test func `a quit behind text loses none of it`() throws {
    try withChat { server in
      let bob = try await server.join("bob")
      let ann = try await server.visit()
      try await ann.send(Array("CONNECT ann\none\n/quit see you\nunread\n".utf8))
      try ann.writer.writeEOF()
      try await bob.expect("* ann joined", "<ann> one", "* ann left (see you)")
      #expect(try await ann.rest().last == "<ann> one")
      #expect(try await bob.settle().isEmpty)
    }
  }

  // E04
  @Test func `who asked for PING and does not answer is dropped`() throws {
    try withChat(
      limits: .with(\.pingSilence, .milliseconds(40)).with(\.pingWait, .milliseconds(60))
    ) { server in
      let bob = try await server.join("bob")
      let ann = try await server.join("ann", "ping")
      try await bob.expect("* ann joined", "* ann left (ping timeout)")
      await #expect(throws: StreamError.self) { try await ann.rest() }
    }
  }

  @Test func `an answer to PING keeps a silent user, and so does any byte`() throws {
    try withChat(limits: .with(\.pingSilence, .milliseconds(20))) { server in
      let ann = try await server.join("ann", "ping")
      let bob = try await server.join("bob", "ping")
      try await ann.settle()
      for round in 1...4 {
        var ping = try #require(try await ann.next())
        #expect(ping.hasPrefix("PING "))
        try await ann.say("/pong \(ping.dropFirst(5))")
        ping = try #require(try await bob.next())
        #expect(ping.hasPrefix("PING "))
        // No line yet, and a sign of life all the same: the next PING comes.
        try await bob.send([UInt8(ascii: "0") + UInt8(round)])
      }
      try await bob.say("")
      try await ann.skip(to: "<bob> 1234")
    }
  }

  @Test func `the kernel looks after peers that vanish without a word`() throws {
    try withChat { server in
      let ann = try await server.join("ann")
      let port = try #require(ann.writer.localAddress?.port)
      let tcp = Int32(IPPROTO_TCP)
      #expect(socketOption(SOL_SOCKET, SO_KEEPALIVE, ofPeerAtPort: port) == 1)
      #expect(socketOption(tcp, TCP_KEEPIDLE, ofPeerAtPort: port) == 60)
      #expect(socketOption(tcp, TCP_KEEPINTVL, ofPeerAtPort: port) == 15)
      #expect(socketOption(tcp, TCP_KEEPCNT, ofPeerAtPort: port) == 4)
      #expect(socketOption(tcp, TCP_USER_TIMEOUT, ofPeerAtPort: port) == 30_000)
    }
  }

  @Test func `a kernel that refuses to is told to the log, and the connection talks`() async {
    await #expect(processExitsWith: .success) {
      try Refusals.socketOption(level: SOL_SOCKET, name: SO_KEEPALIVE, error: ENOPROTOOPT)
      let log = LineLog()
      try withChat(log: log) { server in
        let ann = try await server.join("ann")
        try await ann.say("hello")
        try await ann.skip(to: "<ann> hello")
      }
      let told = log.lines.filter { $0.hasPrefix("keep-alive was refused: ") }
      guard told.count == 1, told[0].contains("ENOPROTOOPT") else {
        throw ChatTestFailure(description: "\(log.lines)")
      }
    }
  }
}
