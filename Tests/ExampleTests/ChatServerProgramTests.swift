import Fluvial
import Glibc
import TestSupport
import Testing

@testable import chat_load

/// The program as it was built: what it prints, how it ends, and what bad input does to its memory.
@Suite struct ChatServerProgramTests {
  @Test func `it says where it listens, serves, and ends in peace on SIGTERM`() throws {
    let run = try ChatServerRun(["--port", "0"])
    try EventLoop.run { [port = run.port, id = run.program.processID] in
      let ann = try await ChatVisitor(port: port)
      try await ann.say("CONNECT ann")
      try await ann.settle()
      kill(id, SIGTERM)
      #expect(try await ann.rest() == ["* server is shutting down"])
    }
    let outcome = try run.program.finish()
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output == "listening on 127.0.0.1 port \(run.port)\n")
    #expect(outcome.error.contains("Z ann joined from 127.0.0.1\n"))
    #expect(outcome.error.contains("Z SIGTERM: shutting down\n"))
  }

  @Test(arguments: [
    ["127.0.0.1", "0"], ["0"], ["127.0.0.1", "--port", "0"], ["--host", "localhost", "--port=0"],
  ])
  func `host and port may be words or flags`(arguments: [String]) throws {
    let run = try ChatServerRun(arguments)
    try EventLoop.run { [port = run.port] in
      let ann = try await ChatVisitor(port: port)
      try await ann.expect("* chat ready - say: CONNECT <name>")
    }
    run.program.signal(SIGINT)
    #expect(try run.program.finish().ending == .exited(0))
  }

  @Test func `a second signal does not wait for who does not read`() throws {
    let run = try ChatServerRun(["--port", "0", "--flush", "600"])
    let slow = try DeafSocket(port: run.port, sending: "CONNECT slow\n")
    try run.program.waitForError("slow joined")
    run.program.signal(SIGINT)
    try run.program.waitForError("SIGINT: shutting down")
    run.program.signal(SIGINT)
    #expect(try run.program.finish(within: .seconds(10)).ending == .exited(0))
    withExtendedLifetime(slow) {}
  }

  @Test func `a unix socket alone, whose file is gone afterwards`() throws {
    let path = "/tmp/fluvial-chat-\(getpid()).sock"
    let program = try PipedProgram(
      BuiltProducts.executable("chat-server"), ["--unix", path])
    try program.waitForOutput("listening on unix socket \(path)\n")
    try EventLoop.run {
      let ann = try await ChatVisitor(unixPath: path)
      try await ann.say("CONNECT ann")
      try await ann.settle()
    }
    program.signal(SIGTERM)
    let outcome = try program.finish()
    #expect(outcome.ending == .exited(0))
    #expect(outcome.error.contains("ann joined from a unix socket"))
    #expect(unsafe access(path, F_OK) != 0)
  }

  @Test func `who listens for other machines is warned`() throws {
    let run = try ChatServerRun(["0.0.0.0", "0"])
    try run.program.waitForError("can be reached from other machines, and nothing is encrypted")
    run.program.signal(SIGTERM)
    #expect(try run.program.finish().ending == .exited(0))
  }

  @Test func `a port that is taken is a sentence, and 69`() throws {
    let run = try ChatServerRun(["0"])
    let outcome = try chatServer(["\(run.port)"])
    #expect(outcome.ending == .exited(69))
    #expect(outcome.error.hasPrefix("chat-server: Nobody can listen there: bind "))
    #expect(outcome.error.contains("127.0.0.1:\(run.port)"))
    #expect(outcome.output.isEmpty)
    run.program.signal(SIGTERM)
    _ = try run.program.finish()
  }

  @Test(arguments: [
    ["no..name", "0"], ["198.51.100.1", "0"], ["--unix", "/nowhere/chat.sock"],
    ["--unix", "/dev/null"],
  ])
  func `where nobody can listen is a sentence, and 69`(arguments: [String]) throws {
    let outcome = try chatServer(arguments)
    #expect(outcome.ending == .exited(69))
    #expect(outcome.error.hasPrefix("chat-server: "))
  }

  @Test(arguments: [
    ["--port", "65536"], ["--port", "-1"], ["1", "2", "3"], ["--host", ""], ["--burst", "0"],
    ["--rate", "inf"], ["--max-clients"], ["--nonsense"], ["--host", "a", "b", "1"],
    ["--unix", "/" + String(repeating: "x", count: 200)],
  ])
  func `wrong usage is a sentence, and 64`(arguments: [String]) throws {
    let outcome = try chatServer(arguments)
    #expect(outcome.ending == .exited(64))
    #expect(!outcome.error.isEmpty)
    #expect(outcome.output.isEmpty)
  }

  @Test func `limits come from the environment, and a flag wins`() throws {
    let run = try ChatServerRun(
      ["0", "--max-line", "64"], environment: ["CHAT_MAXLINE": "32", "CHAT_HELLO_S": "0.5"])
    try EventLoop.run { [port = run.port] in
      let ann = try await ChatVisitor(port: port)
      try await ann.say(String(repeating: "x", count: 65))
      #expect(
        try await ann.rest() == [
          "* chat ready - say: CONNECT <name>", "! 413 line too long (limit 64 bytes), ignored",
          "! 408 no CONNECT within 1 s",
        ])
    }
    run.program.signal(SIGTERM)
    #expect(try run.program.finish().ending == .exited(0))
    #expect(try chatServer(["0"], environment: ["CHAT_RATE": "fast"]).ending == .exited(64))
  }

  @Test func `48 megabytes without a newline take no memory and leave the next line alone`() throws
  {
    let run = try ChatServerRun(["0"])
    let process = "\(run.program.processID)"
    try EventLoop.run { [port = run.port] in
      let ann = try await ChatVisitor(port: port)
      try await ann.say("CONNECT ann")
      try await ann.settle()
      let before = try residentBytes(of: process)
      let chunk = [UInt8](repeating: UInt8(ascii: "y"), count: 64 * 1_024)
      for _ in 1...768 { try await ann.send(chunk) }
      try await ann.expect("! 413 line too long (limit 2048 bytes), ignored")
      try await ann.say("", "and now?")
      try await ann.expect("<ann> and now?")
      // The loop's read memory, and nothing that grows with the line. Sanitizers keep what was freed.
      let growth = try residentBytes(of: process) - before
      #expect(growth < 2 << 20 || BuildKind.isSanitized)
    }
    run.program.signal(SIGTERM)
    #expect(try run.program.finish().ending == .exited(0))
  }

  @Test func `out of descriptors it waits, says so, and serves again`() throws {
    let program = try PipedProgram(
      "/bin/sh",
      [
        "-c", "ulimit -n 64; exec \"$0\" 0 --max-per-address 200",
        BuiltProducts.executable("chat-server"),
      ])
    let run = try ChatServerRun(program)
    try EventLoop.run { [port = run.port] in
      var visitors: [ChatVisitor] = []
      for _ in 1...100 { visitors.append(try await ChatVisitor(port: port)) }
      try await visitors[0].expect("* chat ready - say: CONNECT <name>")
      try await visitors[0].say("CONNECT ann")
      try await visitors[0].settle()
      // Those who had to wait get their turn.
      for visitor in visitors[..<90] { visitor.writer.close() }
      try await withTimeout(.seconds(10)) { [last = visitors[99]] in
        try await last.expect("* chat ready - say: CONNECT <name>")
      }
    }
    run.program.signal(SIGTERM)
    let outcome = try run.program.finish()
    #expect(outcome.ending == .exited(0))
    #expect((1...8).contains(outcome.error.ranges(of: "accepting paused").count))
  }

  private func chatServer(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> PipedProgram.Outcome {
    try PipedProgram.run(
      BuiltProducts.executable("chat-server"), arguments, environment: environment)
  }
}
