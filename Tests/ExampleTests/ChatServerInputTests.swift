import ChatServing
import ChatWire
import Fluvial
import Testing

@Suite struct ChatServerInputTests {
  // E05
  @Test func `who says nothing is told so after a while and shown out`() throws {
    try withChat(limits: .with(\.helloWait, .milliseconds(80))) { server in
      let ann = try await server.visit()
      #expect(try await ann.rest() == ["! 408 no CONNECT within 1 s"])
    }
  }

  @Test func `half a CONNECT is no CONNECT`() throws {
    try withChat(limits: .with(\.helloWait, .milliseconds(500))) { server in
      let ann = try await server.visit()
      try await ann.send(Array("CONNECT an".utf8))
      #expect(try await ann.rest() == ["! 408 no CONNECT within 1 s"])
    }
  }

  // E05
  @Test func `three first lines that are no CONNECT end the connection`() throws {
    try withChat { server in
      let witness = try await server.join("witness")
      let ann = try await server.visit()
      try await ann.say("hello", "CONNECT", "GET / HTTP/1.1", "CONNECT ann")
      let error = "! 400 say: CONNECT <name>"
      #expect(try await ann.rest() == [error, error, error])
      // Who never had a name is not missed.
      #expect(try await witness.settle().isEmpty)
    }
  }

  @Test(arguments: [
    ("-ann", "it must start with a letter or a digit"),
    ("<ann>", "it must start with a letter or a digit"),
    ("an*n", "only letters, digits and _ - . are allowed"),
    ("an\u{1B}[31mn", "only letters, digits and _ - . are allowed"),
    ("an\u{202E}n", "only letters, digits and _ - . are allowed"),
    ("SYSTEM", "it is reserved"), ("server", "it is reserved"),
    ("abcdefghijklmnopqrstuvwxy", "at most 24 characters and 64 bytes"),
  ])
  func `a bad name is refused, and a good one may follow`(name: String, reason: String) throws {
    try withChat { server in
      let ann = try await server.visit()
      try await ann.say("CONNECT \(name)", "CONNECT ann")
      try await ann.expect(
        "! 432 bad name: \(reason)", "* Welcome, ann! 1 user(s) online. /help for commands")
    }
  }

  @Test func `a name that is taken is refused in any spelling`() throws {
    try withChat { server in
      let ann = try await server.join("Ann")
      let other = try await server.visit()
      try await other.say("CONNECT ann", "CONNECT ＡＮＮ", "CONNECT bob")
      try await other.expect(
        "! 433 name taken: ann", "! 433 name taken: ＡＮＮ",
        "* Welcome, bob! 2 user(s) online. /help for commands")
      try await ann.expect("* bob joined")
      try await other.say("/nick ANN")
      #expect(try await other.rest().last == "! 433 name taken: ANN")
      try await ann.expect("* bob left (too many errors)")
    }
  }

  // E05
  @Test func `nothing of a line that is no UTF-8 is passed on`() throws {
    try withChat { server in
      let ann = try await server.join("ann")
      let bob = try await server.join("bob")
      try await ann.expect("* bob joined")
      try await ann.send(Array("secret ".utf8) + [0xC3, 0x28, 0xFF, 0x0A])
      try await ann.expect("! 415 not valid UTF-8, ignored")
      try await ann.say("after")
      try await bob.expect("<ann> after")
    }
  }

  // E05
  @Test func `a line over the limit is refused once, and the next one works`() throws {
    try withChat { server in
      let ann = try await server.join("ann")
      let bob = try await server.join("bob")
      try await ann.expect("* bob joined")
      let longest = String(repeating: "x", count: 2_048)
      try await ann.say(longest + "/nick evil", longest)
      try await ann.expect("! 413 line too long (limit 2048 bytes), ignored", "<ann> \(longest)")
      try await bob.expect("<ann> \(longest)")
    }
  }

  @Test func `control characters reach nobody`() throws {
    try withChat { server in
      let ann = try await server.join("ann")
      let bob = try await server.join("bob")
      try await ann.expect("* bob joined")
      let evil = "a\u{1B}[2Jb\0c\u{7F}d\u{9B}e\u{202E}f\u{2028}g\u{FEFF}h\u{200B}i\rj\tk"
      let clean =
        "a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d\u{FFFD}e\u{FFFD}f\u{FFFD}g\u{FFFD}h\u{FFFD}i\u{FFFD}j k"
      try await ann.say(evil, "/me \(evil)", "/msg bob \(evil)", "/quit \(evil)")
      try await bob.expect(
        "<ann> \(clean)", "* ann \(clean)", "-ann- \(clean)", "* ann left (\(clean))")
    }
  }

  @Test func `marks after the eighth on a letter are cut`() throws {
    try withChat { server in
      let ann = try await server.join("ann")
      try await ann.say("a" + String(repeating: "\u{301}", count: 30) + "b")
      try await ann.expect("<ann> a" + String(repeating: "\u{301}", count: 8) + "b")
    }
  }

  @Test func `slips of the hand are answered and never counted`() throws {
    try withChat(limits: .with(\.burst, 100)) { server in
      let ann = try await server.join("ann")
      for _ in 1...4 {
        try await ann.say("/dance", "/msg nobody hi", "/me", "/msg ann", "")
        try await ann.expect(
          "! 421 unknown command /dance, try /help", "! 401 no such user: nobody",
          "! 412 nothing to send", "! 412 nothing to send")
      }
      try await ann.say("still here")
      try await ann.expect("<ann> still here")
    }
  }
}
