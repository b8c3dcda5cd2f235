import Glibc
import TestSupport
import Testing

/// The chat client as its users see it: on a terminal, typing.
@Suite struct ChatClientTests {
  @Test func `what is typed is said, and comes back with the time and the name`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.enter("hello wörld")
      try ann.terminal.waitFor("<ann> hello wörld")
      let end = try ann.leave()
      #expect(end.ending == .exited(0))
      #expect(end.isRestored)
      #expect(end.output.contains("\u{1b}[?2004h"))
      #expect(end.output.hasSuffix(ChatClientRun.offString))
    }
  }

  @Test func `a message that arrives leaves a half-typed line intact`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      let bob = try ChatClientRun("bob", at: port)
      try ann.terminal.waitFor("* bob joined")
      try ann.terminal.type("half ty")
      try ann.terminal.waitFor("half ty")
      try bob.enter("hi ann")
      // The message, and below it the row as it was.
      try ann.terminal.waitFor("<bob> hi ann\r\r\n\r\u{1b}[K> half ty\r\u{1b}[9C")
      try ann.enter("ped")
      try bob.terminal.waitFor("<ann> half typed")
      #expect(try ann.leave().isRestored)
      try bob.terminal.waitFor("* ann left")
      #expect(try bob.leave().isRestored)
    }
  }

  @Test func `names, commands and private messages are completed and shown`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      let bob = try ChatClientRun("bobby", at: port)
      try bob.terminal.waitFor("2 online: ann, bobby")
      try bob.enter("/m\t\t\u{15}/msg a\tpsst")
      try bob.terminal.waitFor("-> ann: psst")
      try ann.terminal.waitFor("-bobby- psst")
      try ann.enter("bo\thi there")
      try bob.terminal.waitFor("<ann> bobby: hi there")
      try ann.enter("/me waves")
      try bob.terminal.waitFor("* ann waves")
      try ann.enter("/nick anna")
      try bob.terminal.waitFor("* ann is now anna")
      try ann.enter("//slash")
      try bob.terminal.waitFor("<anna> /slash")
      #expect(try ann.leave().isRestored)
      #expect(try bob.leave().isRestored)
    }
  }

  @Test func `one's name is seen, and rings the bell once a second at most`() throws {
    let lines = ["<bob> hello Ann!", "<bob> ann, ann?", "<bob> annoying", "-bob- psst"]
    try withScriptedServer(saying: lines) { port in
      let ann = try ChatClientRun(
        ["127.0.0.1", "\(port)", "ann", "--bell", "--color", "always"])
      try ann.terminal.waitFor("psst")
      try ann.enter("done")
      try ann.terminal.waitFor("done")
      let output = try ann.leave().output
      #expect(output.contains("\u{1b}[7mhello Ann!\u{1b}[0m"))
      #expect(!output.contains("\u{1b}[7mannoying"))
      #expect(output.count { $0 == "\u{7}" } == 1)
    }
  }

  @Test func `the time of a line is shown, and a new day has a line of its own`() throws {
    let lines = ["@86399 <bob> late", "@86400 <bob> early", "@99999999999999 <bob> never"]
    try withScriptedServer(saying: lines) { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.terminal.waitFor("--- 1970-01-01 ---")
      try ann.terminal.waitFor("23:59 <bob> late")
      try ann.terminal.waitFor("--- 1970-01-02 ---")
      try ann.terminal.waitFor("00:00 <bob> early")
      try ann.terminal.waitFor("@99999999999999 <bob> never")
      #expect(try ann.leave().isRestored)
    }
  }

  @Test func `a line that is too long stays, with its size`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.enter(String(repeating: "x", count: 2100))
      try ann.terminal.waitFor("! message too long (2100 bytes, limit 2048): not sent")
      try ann.terminal.type("\u{15}")
      try ann.enter("short")
      try ann.terminal.waitFor("<ann> short")
      #expect(try ann.leave().isRestored)
    }
  }

  @Test func `many pasted lines are sent after a question, four a second`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      let pasted = "one\n/two\nthree\nfour"
      try ann.enter("\u{1b}[200~\(pasted)\u{1b}[201~")
      try ann.terminal.waitFor("send 4 lines? (y/n)")
      try ann.terminal.type("n")
      // They are back in the row.
      try ann.terminal.waitFor("one⏎/two⏎three⏎four")
      try ann.enter("")
      try ann.terminal.waitFor("send 4 lines? (y/n)")
      try ann.terminal.type("y")
      for line in ["one", "/two", "three", "four"] { try ann.terminal.waitFor("<ann> \(line)\r") }
      #expect(try ann.leave().isRestored)
    }
  }

  @Test func `three pasted lines need no question`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.enter("\u{1b}[200~one\ntwo\nthree\u{1b}[201~")
      for line in ["one", "two", "three"] { try ann.terminal.waitFor("<ann> \(line)\r") }
      #expect(try ann.leave().isRestored)
    }
  }

  @Test func `a name that is taken is asked for again`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      let other = try ChatClientRun(["127.0.0.1", "\(port)", "Ann"])
      try other.terminal.waitFor("! 433 name taken")
      try other.terminal.waitFor("another name: ")
      try other.enter("b d")
      try other.terminal.waitFor("! bad name")
      try other.terminal.type("\u{15}")
      try other.enter("bob")
      try other.terminal.waitFor("Welcome, bob!")
      #expect(try ann.leave().isRestored)
      #expect(try other.leave().isRestored)
    }
  }

  @Test func `without a name it asks for one`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun(["--port", "\(port)"])
      try ann.terminal.waitFor("your name")
      try ann.enter("ann")
      try ann.terminal.waitFor("Welcome, ann!")
      #expect(try ann.leave().isRestored)
    }
  }

  @Test func `a plain session has no escape sequence and an untouched terminal`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun(["127.0.0.1", "\(port)", "ann", "--plain"])
      try ann.terminal.waitFor("Welcome, ann!")
      #expect(try ann.terminal.attributes() == ann.before)
      try ann.terminal.type("hello\n")
      try ann.terminal.waitFor("<ann> hello")
      let end = try ann.leave()
      #expect(end.ending == .exited(0))
      #expect(!end.output.contains("\u{1b}"))
    }
  }

  @Test func `10000 pasted characters stay in the row, and can be taken away`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      let pasted = String(repeating: "漢", count: 10_000)
      try ann.enter("\u{1b}[200~\(pasted)\u{1b}[201~")
      try ann.terminal.waitFor("message too long (30000 bytes")
      try ann.terminal.type("\u{15}")
      try ann.enter("still here")
      try ann.terminal.waitFor("<ann> still here")
      #expect(try ann.leave().isRestored)
    }
  }

  @Test func `a storm of resizes leaves the draft and the chat`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.terminal.type("draft")
      for step in 0..<80 { try ann.terminal.resize(columns: 1 + step, rows: 1 + step % 30) }
      try ann.terminal.resize(columns: 90, rows: 20)
      try ann.enter("ed")
      try ann.terminal.waitFor("<ann> drafted")
      #expect(try ann.leave().isRestored)
    }
  }
}
