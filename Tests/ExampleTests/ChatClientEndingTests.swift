import Fluvial
import Glibc
import TestSupport
import Testing

/// How the chat client ends, and what it leaves behind.
@Suite struct ChatClientEndingTests {
  @Test(arguments: ["raw", "cbreak"])
  func `ctrl-c twice ends with 130 and a restored terminal`(mode: String) throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port, "--mode", mode)
      try ann.terminal.type("\u{3}")
      try ann.terminal.waitFor("press ctrl-c again to leave")
      try ann.terminal.type("\u{3}")
      let end = try ann.finish()
      #expect(end.ending == .exited(130))
      #expect(end.isRestored)
      #expect(end.output.hasSuffix(ChatClientRun.offString))
    }
  }

  @Test func `quit says why, ends with 0 and a restored terminal`() throws {
    try withChatRoom { port in
      let bob = try ChatClientRun("bob", at: port)
      let ann = try ChatClientRun("ann", at: port)
      try ann.enter("/quit tea time")
      let end = try ann.finish(within: .seconds(3))
      #expect(end.ending == .exited(0))
      #expect(end.isRestored)
      try bob.terminal.waitFor("* ann left (tea time)")
      #expect(try bob.leave().isRestored)
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT])
  func `a signal ends it with its own status and a restored terminal`(signal: Int32) throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      ann.client.signal(signal)
      let end = try ann.finish()
      #expect(end.ending == .died(signal: signal))
      #expect(end.isRestored)
      #expect(end.output.contains(ChatClientRun.offString))
    }
  }

  @Test func `a window that is closed ends it within two seconds`() throws {
    try withChatRoom { port in
      let ann = try ChatClientRun("ann", at: port)
      ann.terminal.hangUp()
      _ = try ann.client.wait(within: .seconds(2))
    }
  }

  @Test func `a server that is not there is a sentence, and 69`() throws {
    try withRefusingPort { port in
      let ann = try ChatClientRun(["127.0.0.1", "\(port)", "ann"])
      let end = try ann.finish()
      #expect(end.ending == .exited(69))
      #expect(end.isRestored)
      #expect(
        end.output.contains(
          "chat-client: cannot join the chat at 127.0.0.1 port \(port): nobody listens there."))
    }
  }

  @Test(arguments: [
    ["--port", "0"], ["--port", "x"], ["h", "1", "n", "more"], ["h", "1", "b d"], ["--mode", "no"],
    ["--host", "a", "b"], ["--unknown"],
  ])
  func `a wrong command line is a usage error`(arguments: [String]) throws {
    let outcome = try PipedProgram.run(BuiltProducts.executable("chat-client"), arguments)
    #expect(outcome.ending == .exited(64))
    #expect(outcome.output.isEmpty)
    #expect(outcome.error.contains("Usage: chat-client"))
  }

  @Test func `a server that ends is come back to, with the draft as it was`() throws {
    let ports = Ports()
    let ann = try withChatRoom { port in
      ports.port = port
      let ann = try ChatClientRun("ann", at: port)
      try ann.terminal.type("draft")
      try ann.terminal.waitFor("draft")
      return ann
    }
    try ann.terminal.waitFor("* server is shutting down")
    try ann.terminal.waitFor("! connection lost; reconnecting in")
    // What cannot be sent stays.
    try ann.enter("ed")
    try ann.terminal.waitFor("! not connected: not sent")
    try ann.terminal.waitFor("> drafted")
    let handler: Server.Handler = { reader, writer in
      guard let hello = try await reader.readLine() else { return }
      try await writer.write("* Welcome, ann! 1 user(s) online.\n* you said \(hello)\n")
      while let line = try await reader.readLine(), line != "/quit" {
        try await writer.write("<ann> \(line)\n")
      }
    }
    let server = try EventLoop.run {
      try await startServer(host: "127.0.0.1", port: ports.port, on: .shared, handler: handler)
    }
    defer { _ = try? EventLoop.run { await server.shutdown(grace: .seconds(5)) } }
    try ann.terminal.waitFor("* you said CONNECT ann ping time")
    try ann.enter("")
    try ann.terminal.waitFor("<ann> drafted")
    #expect(try ann.leave().isRestored)
  }

  private final class Ports: @unchecked Sendable { var port = 0 }

  @Test func `without reconnecting a lost connection is the end`() throws {
    let ann = try withChatRoom { port in try ChatClientRun("ann", at: port, "--no-reconnect") }
    let end = try ann.finish()
    #expect(end.ending == .exited(69))
    #expect(end.isRestored)
    #expect(end.output.contains("chat-client: the connection was lost"))
  }

  @Test func `ctrl-z and fg keep the draft and show what was said meanwhile`() throws {
    try withChatRoom { port in
      let bob = try ChatClientRun("bob", at: port)
      let terminal = try PseudoTerminal()
      let shell = try terminal.spawn(
        "/bin/bash", ["--norc", "--noprofile", "--noediting", "-i"],
        environment: ["PS1": "%\\[\\]%", "HISTFILE": "/dev/null", "NO_COLOR": "1"])
      try terminal.waitFor("%%")
      let cooked = try terminal.attributes()
      let program = try BuiltProducts.executable("chat-client")
      try terminal.type("\(program) 127.0.0.1 \(port) ann\n")
      try terminal.waitFor("Welcome, ann!")
      try terminal.type("draft")
      try terminal.waitFor("> draft")
      try terminal.type("\u{1a}")
      try terminal.waitFor("%%")
      #expect(try terminal.attributes() == cooked)
      try bob.enter("while you were away")
      try bob.terminal.waitFor("<bob> while you were away")
      try terminal.type("fg\n")
      try terminal.waitFor("<bob> while you were away")
      try terminal.waitFor("> draft")
      try terminal.type("ed\r")
      try bob.terminal.waitFor("<ann> drafted")
      try terminal.type("\u{4}")
      try terminal.waitFor("%%")
      #expect(try terminal.attributes() == cooked)
      try terminal.type("exit\n")
      _ = try terminal.wait(for: shell)
      #expect(try bob.leave().isRestored)
    }
  }
}
