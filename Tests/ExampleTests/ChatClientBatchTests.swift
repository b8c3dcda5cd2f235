import Fluvial
import Glibc
import TestSupport
import Testing

/// The chat client in scripts.
@Suite struct ChatClientBatchTests {
  private func run(
    _ script: String, at port: Int, name: String = "ann"
  ) throws -> PipedProgram.Outcome {
    let client = "\(try BuiltProducts.executable("chat-client")) 127.0.0.1 \(port) \(name)"
    return try PipedProgram.run("/bin/sh", ["-c", script.replacing("CLIENT", with: client)])
  }

  @Test func `a line of a pipe is said, and the end is the end`() throws {
    try withChatRoom { port in
      let outcome = try run("echo hi | CLIENT", at: port)
      #expect(outcome.ending == .exited(0))
      #expect(outcome.output.hasPrefix("* Welcome, ann!"))
      #expect(outcome.output.hasSuffix("<ann> hi\n"))
      #expect(outcome.error.isEmpty)
      #expect(!outcome.output.contains("\u{1b}"))
    }
  }

  @Test func `without a name it takes the one that the system knows`() throws {
    try withChatRoom { port in
      let client = try BuiltProducts.executable("chat-client")
      let outcome = try PipedProgram.run(
        "/bin/sh", ["-c", "id -un; echo hi | \(client) --port \(port)"])
      let name = try #require(outcome.output.split(separator: "\n").first)
      #expect(outcome.output.contains("* Welcome, \(name)!"))
      #expect(outcome.output.hasSuffix("<\(name)> hi\n"))
    }
  }

  @Test func `a file is said line by line, the last one without its end too`() throws {
    try withChatRoom { port in
      let path = "/tmp/fluvial-chat-\(getpid())"
      let outcome = try run(
        "printf 'one\\n\\ntwo\\n/me waves\\nlast' > \(path) && CLIENT < \(path); rm \(path)",
        at: port)
      #expect(outcome.ending == .exited(0))
      #expect(outcome.output.hasSuffix("<ann> one\n<ann> two\n* ann waves\n<ann> last\n"))
    }
  }

  @Test(arguments: ["CLIENT < /dev/null", "CLIENT <&-", "true | CLIENT"])
  func `an input with nothing in it ends cleanly`(script: String) throws {
    try withChatRoom { port in
      let outcome = try run(script, at: port)
      #expect(outcome.ending == .exited(0))
      #expect(outcome.output.hasPrefix("* Welcome, ann!"))
      #expect(outcome.error.isEmpty)
    }
  }

  @Test func `more lines than the server takes at once all arrive`() throws {
    try withChatRoom { port in
      let outcome = try run("seq 1 14 | CLIENT", at: port)
      #expect(outcome.ending == .exited(0))
      for number in 1...14 { #expect(outcome.output.contains("<ann> \(number)\n")) }
      // Slower than a flood.
      #expect(!outcome.output.contains("! 429"))
    }
  }

  @Test func `quitting in a script ends it there`() throws {
    try withChatRoom { port in
      let outcome = try run("printf 'one\\n/quit\\ntwo\\n' | CLIENT", at: port)
      #expect(outcome.ending == .exited(0))
      #expect(outcome.output.hasSuffix("<ann> one\n"))
    }
  }

  @Test func `a server that is not there is a sentence, and 69`() throws {
    try withRefusingPort { port in
      let outcome = try run("echo hi | CLIENT", at: port)
      #expect(outcome.ending == .exited(69))
      #expect(outcome.output.isEmpty)
      #expect(outcome.error.hasPrefix("chat-client: cannot join the chat at 127.0.0.1 port"))
    }
  }

  @Test func `a name that is refused is a sentence, and 69`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      let outcome = try run("echo hi | CLIENT", at: port)
      #expect(outcome.ending == .exited(69))
      #expect(outcome.error.contains("the server refused the name: name taken: ann"))
      #expect(try ann.leave().isRestored)
    }
  }

  @Test func `a connection that is lost before everything was sent is 69`() throws {
    let handler: Server.Handler = { reader, writer in
      _ = try await reader.readLine()
      try await writer.write("* Welcome, ann! 1 user(s) online.\n")
    }
    try withLoopbackServer(handler: handler) { port in
      let program = try PipedProgram(
        BuiltProducts.executable("chat-client"), ["127.0.0.1", "\(port)", "ann"])
      #expect(try program.finish().ending == .exited(69))
    }
  }

  @Test func `a server that does not close is left after three seconds`() throws {
    let handler: Server.Handler = { reader, writer in
      _ = try await reader.readLine()
      try await writer.write("* Welcome, ann! 1 user(s) online.\n")
      while try await reader.readLine() != nil {}
    }
    try withLoopbackServer(handler: handler) { port in
      let outcome = try run("echo hi | CLIENT", at: port)
      #expect(outcome.ending == .exited(0))
    }
  }

  @Test func `a terminal on one side only gets text`() throws {
    try withChatRoom { port in
      let terminal = try PseudoTerminal()
      let before = try terminal.attributes()
      var ends: [Int32] = [0, 0]
      try #require(unsafe pipe(&ends) == 0)
      let child = try terminal.spawn(
        BuiltProducts.executable("chat-client"), ["127.0.0.1", "\(port)", "ann"],
        output: .descriptor(ends[1]))
      close(ends[1])
      defer { close(ends[0]) }
      try terminal.type("hello\n\u{4}")
      #expect(try terminal.wait(for: child) == .exited(0))
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = unsafe read(ends[0], &bytes, bytes.count)
      let output = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
      #expect(output.contains("<ann> hello\n"))
      #expect(!output.contains("\u{1b}"))
      #expect(try terminal.attributes() == before)
    }
  }
}
