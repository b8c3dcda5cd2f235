import Glibc
import TestSupport
import Testing

/// What makes the client pleasant: what it remembers, explains and leaves out.
@Suite struct ChatClientComfortTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/fluvial-XXXXXX".utf8CString)
    let made = try #require(unsafe mkdtemp(&template).map { unsafe String(cString: $0) })
    defer {
      _ = unsafe unlink("\(made)/history")
      _ = unsafe rmdir(made)
    }
    try body(made)
  }

  @Test func `what was sent is there the next time, but not the name`() throws {
    try withFolder { folder in
      let path = "\(folder)/history"
      try withChatRoom { port in
        let first = try ChatClientRun(["--port", "\(port)", "--history", path])
        try first.terminal.waitFor("your name")
        try first.enter("ann")
        try first.terminal.waitFor("Welcome, ann!")
        try first.enter("remember me")
        try first.terminal.waitFor("<ann> remember me")
        #expect(try first.leave().isRestored)
        var status = stat()
        #expect(unsafe stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let second = try ChatClientRun("ann", at: port, "--history", path)
        try second.enter("\u{1b}[A\u{1b}[A")
        try second.terminal.waitFor("<ann> remember me")
        #expect(try second.leave().isRestored)
      }
    }
  }

  @Test func `two clients share a history and lose nothing`() throws {
    try withFolder { folder in
      let path = "\(folder)/history"
      try withChatRoom { port in
        let ann = try ChatClientRun("ann", at: port, "--history", path)
        let bob = try ChatClientRun("bob", at: port, "--history", path)
        for number in 1...4 {
          try ann.enter("a\(number)")
          try bob.enter("b\(number)")
        }
        try ann.terminal.waitFor("<bob> b4")
        #expect(try ann.leave().isRestored)
        #expect(try bob.leave().isRestored)
      }
      let file = try unsafe #require(unsafe fopen(path, "r"))
      defer { unsafe fclose(file) }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = unsafe fread(&bytes, 1, bytes.count, file)
      let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
      #expect(lines.filter { $0.hasPrefix("a") } == ["a1", "a2", "a3", "a4"])
      #expect(lines.filter { $0.hasPrefix("b") } == ["b1", "b2", "b3", "b4"])
    }
  }

  @Test func `a history that is a link is refused, and the chat goes on`() throws {
    try withFolder { folder in
      #expect(unsafe symlink("/etc/hostname", "\(folder)/history") == 0)
      try withChatRoom { port in
        let ann = try ChatClientRun(
          ["127.0.0.1", "\(port)", "ann", "--history", "\(folder)/history"])
        try ann.terminal.waitFor("what is typed is not kept")
        try ann.terminal.waitFor("Welcome, ann!")
        #expect(try ann.leave().isRestored)
      }
    }
  }

  @Test func `help has the client's keys beside the server's commands`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.enter("/help")
      try ann.terminal.waitFor("Tab         completes names and commands")
      try ann.terminal.waitFor("on an empty line leaves")
      try ann.terminal.waitFor("* /who                who is here")
      #expect(try ann.leave().isRestored)
    }
  }

  @Test func `what was said before one came is marked, and rings no bell`() throws {
    let lines = ["* ---", "<bob> ann, where are you?", "* ---", "<bob> hello"]
    try withScriptedServer(saying: lines) { port in
      let ann = try ChatClientRun(["127.0.0.1", "\(port)", "ann", "--bell"])
      try ann.terminal.waitFor("--- said before you came ---")
      try ann.terminal.waitFor("<bob> ann, where are you?")
      try ann.terminal.waitFor("--- now ---")
      try ann.terminal.waitFor("<bob> hello")
      #expect(try !ann.leave().output.contains("\u{7}"))
    }
  }

  @Test func `who is alone is told so once`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      // An answer that is asked for is shown.
      try ann.enter("hello")
      try ann.terminal.waitFor("<ann> hello")
      #expect(!ann.terminal.output.contains("1 online"))
      try ann.enter("/who")
      try ann.terminal.waitFor("* 1 online: ann")
      let bob = try ChatClientRun("bob", at: port)
      try bob.terminal.waitFor("* 2 online: ann, bob")
      #expect(try ann.leave().isRestored)
      #expect(try bob.leave().isRestored)
    }
  }

  @Test func `one's own name stands out`() throws {
    let lines = ["<ann> mine", "<bob> theirs"]
    try withScriptedServer(saying: lines) { port in
      let ann = try ChatClientRun(["127.0.0.1", "\(port)", "ann", "--color", "always"])
      try ann.terminal.waitFor("theirs")
      let output = try ann.leave().output
      #expect(output.contains("<\u{1b}[1;36mann\u{1b}[0m> mine"))
      #expect(output.contains("<\u{1b}[34mbob\u{1b}[0m> theirs"))
    }
  }

  @Test func `output that is lost is a status, and a sentence unless nobody wanted it`() throws {
    try withChatRoom { port in
      let client = "\(try BuiltProducts.executable("chat-client")) 127.0.0.1 \(port) ann"
      let full = try PipedProgram.run(
        "/bin/sh", ["-c", "echo hi | \(client) > /dev/full; echo $?"])
      #expect(full.output == "74\n")
      #expect(full.error.contains("chat-client: Standard output was lost"))
      let unread = try runUnread("chat-client", ["127.0.0.1", "\(port)", "ann"], input: "hi\n")
      #expect(unread == .init(ending: .exited(74), error: ""))
    }
  }

  @Test func `a pasted text leaves at four lines a second`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.enter("\u{1b}[200~1\n2\n3\n4\n5\n6\u{1b}[201~")
      try ann.terminal.waitFor("send 6 lines? (y/n)")
      let clock = ContinuousClock()
      let start = clock.now
      try ann.terminal.type("y")
      for number in 1...6 { try ann.terminal.waitFor("<ann> \(number)\r") }
      // The first one at once, five quarters of a second for the others.
      #expect(clock.now - start >= .milliseconds(1_200))
      #expect(try ann.leave().isRestored)
    }
  }
}
