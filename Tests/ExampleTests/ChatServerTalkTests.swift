import ChatServing
import ChatWire
import Fluvial
import Testing

@Suite struct ChatServerTalkTests {
  @Test func `two users talk, and each reads the same lines in the same order`() throws {
    try withChat { server in
      let ann = try await server.visit()
      try await ann.say("CONNECT ann")
      try await ann.expect("* Welcome, ann! 1 user(s) online. /help for commands")
      let bob = try await server.visit()
      try await bob.say("CONNECT bob")
      try await bob.expect(
        "* Welcome, bob! 2 user(s) online. /help for commands", "* ---", "* ann joined", "* ---")
      try await ann.expect("* bob joined")
      try await ann.say("hello bob")
      try await bob.expect("<ann> hello bob")
      try await bob.say("hello ann")
      try await bob.expect("<bob> hello ann")
      try await ann.expect("<ann> hello bob", "<bob> hello ann")
    }
  }

  @Test func `every command has its answer`() throws {
    try withChat(limits: .with(\.burst, 100)) { server in
      let ann = try await server.join("ann")
      let bob = try await server.join("bob")
      try await ann.settle()
      try await ann.say("/who", "/msg BOB psst", "/me waves", "//slash", "/ping 7", "/nick anna")
      try await ann.expect(
        "* 2 online: ann, bob", "-> bob: psst", "* ann waves", "<ann> /slash", "PONG 7",
        "* ann is now anna")
      try await bob.expect("-ann- psst", "* ann waves", "<ann> /slash", "* ann is now anna")
      try await ann.say("/help")
      try await ann.expect("* /who                who is here")
      let help = try await ann.settle()
      #expect(help.count == 6)
      try await ann.say("/quit tea time")
      #expect(try await ann.rest().isEmpty)
      try await bob.expect("* anna left (tea time)")
    }
  }

  @Test func `a person with nc needs nothing but the lines`() throws {
    try withChat { server in
      let bob = try await server.join("bob")
      // What a terminal sends: CR LF, blank lines, a CONNECT after a slip.
      let nc = try await server.visit()
      try await nc.send(Array("hello?\r\n\r\nCONNECT ann\r\n  \r\nhi all\r\n/quit\r\n".utf8))
      let lines = try await nc.rest()
      #expect(lines.first == "! 400 say: CONNECT <name>")
      #expect(lines.contains("* Welcome, ann! 2 user(s) online. /help for commands"))
      #expect(lines.last == "<ann> hi all")
      try await bob.expect("* ann joined", "<ann> hi all", "* ann left (quit)")
    }
  }

  @Test func `a line that is half typed disturbs nobody and waits for its end`() throws {
    try withChat { server in
      let ann = try await server.join("ann")
      let bob = try await server.join("bob")
      try await ann.expect("* bob joined")
      try await ann.send(Array("half a ".utf8))
      try await bob.say("meanwhile")
      try await ann.expect("<bob> meanwhile")
      try await ann.send(Array("line\n".utf8))
      try await bob.expect("<bob> meanwhile", "<ann> half a line")
    }
  }

  @Test func `bytes that come one at a time make the same lines`() throws {
    try withChat { server in
      let bob = try await server.join("bob")
      let ann = try await server.visit()
      for byte in Array("CONNECT ann\r\nschöne Grüße 👋\n".utf8) {
        try await ann.send([byte])
        try await ann.writer.flush()
      }
      try await bob.expect("* ann joined", "<ann> schöne Grüße 👋")
    }
  }

  @Test func `who asked for the time has it before every line, and nobody else`() throws {
    try withChat { server in
      let ann = try await server.join("ann", "time")
      let bob = try await server.join("bob")
      try await bob.say("now")
      try await bob.expect("<bob> now")
      _ = try await ann.next()
      let line = try #require(try await ann.next())
      #expect(line.hasPrefix("@") && line.hasSuffix(" <bob> now"))
    }
  }

  @Test func `a newcomer reads the last twenty lines between two marks`() throws {
    try withChat(limits: .with(\.burst, 100)) { server in
      let ann = try await server.join("ann")
      for number in 1...30 { try await ann.say("line \(number)") }
      try await ann.settle()
      let bob = try await server.visit()
      try await bob.say("CONNECT bob")
      try await bob.skip(to: "* ---")
      let replayed = try await bob.skip(to: "* ---")
      #expect(replayed == (11...30).map { "<ann> line \($0)" })
    }
  }

  @Test func `a unix socket serves as well as a port`() throws {
    try EventLoop.run {
      try await withTimeout(.seconds(20)) {
        // An abstract name leaves no file.
        let path = "\0fluvial-chat-\(ObjectIdentifier(EventLoop.shared).hashValue)"
        let server = try await ChatServer.start(port: 0, unixPath: path)
        let ann = try await server.join("ann")
        let bob = try await ChatVisitor(unixPath: path)
        try await bob.say("CONNECT bob", "over here")
        try await ann.expect("* bob joined", "<bob> over here")
        #expect(server.localAddresses.count == 2)
        await server.shutdown()
      }
    }
  }
}
