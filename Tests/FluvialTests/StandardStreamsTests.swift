import Fluvial
import Glibc
import StreamTestSupport
import TestSupport
import Testing

/// Standard input, output and error of a program of its own.
@Suite struct StandardStreamsTests {
  private func probe() throws -> String { try BuiltProducts.executable("plumbing-probe") }

  /// Runs the probe from a shell, which puts its streams where `redirection` says.
  private func run(_ what: String, _ redirection: String) async throws -> (
    output: String, error: String, exit: ProcessExit
  ) {
    let child = try await startProcess(
      "/bin/sh", ["-c", "exec \"$0\" \(what) \(redirection)", try probe()], input: .null,
      output: .pipe, error: .pipe)
    let (output, error, exit) = try await child.communicate()
    return (output.text, error.text, exit)
  }

  @Test func `a pipe, a file and /dev/null are read to the end`() throws {
    try onLoop {
      let piped = try await startProcess(probe(), ["count"], input: .pipe, output: .pipe)
      let (output, _, exit) = try await piped.communicate(input: pattern(300_000))
      #expect(output.text == "300000 bytes\n")
      #expect(exit.isSuccess)
      let path = try probe()
      let size = try await startProcess("stat", ["-Lc", "%s bytes", path], output: .pipe)
        .communicate().output.text
      let file = try await run("count", "< '\(path)'")
      #expect(file.output == size)
      #expect(file.exit.isSuccess)
      let null = try await run("count", "< /dev/null")
      #expect(null.output == "0 bytes\n")
      #expect(null.exit.isSuccess)
    }
  }

  @Test func `a closed standard input reads as empty, with the others closed too`() throws {
    try onLoop {
      let closed = try await run("count", "<&-")
      #expect(closed.output == "0 bytes\n")
      #expect(closed.exit.isSuccess)
      let all = try await run("count", "<&- >&- 2>&-")
      #expect(all.output.isEmpty)
      #expect(all.exit.isSuccess)
    }
  }

  @Test func `a socket is read to the end`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let loaned = try await startProcess(
        probe(), ["count"], input: .descriptor(ours), output: .pipe)
      // The child has its own by now.
      close(ours)
      try await peer.sendAll(pattern(200_000))
      peer.endSending()
      let (output, _, exit) = try await loaned.communicate()
      #expect(output.text == "200000 bytes\n")
      #expect(exit.isSuccess)
    }
  }

  @Test func `a terminal is read to ctrl-d`() throws {
    let terminal = try PseudoTerminal()
    let child = try terminal.spawn(probe(), ["count"])
    try terminal.type("hello\n\u{4}")
    try terminal.waitFor("6 bytes")
    #expect(try terminal.wait(for: child) == .exited(0))
  }

  // Y09
  @Test func `what is printed while standard input is a stream comes out whole`() throws {
    let terminal = try PseudoTerminal()
    let child = try terminal.spawn(probe(), ["print"])
    try terminal.type("go\n")
    try terminal.waitFor("printed")
    #expect(terminal.output.count { $0 == "x" } == 200_000)
    try terminal.type("end\n")
    #expect(try terminal.wait(for: child) == .exited(0))
  }

  // Y10
  @Test func `a child started by other means has all three standard streams`() throws {
    let terminal = try PseudoTerminal()
    let child = try terminal.spawn(probe(), ["descend"])
    try terminal.type("go\n")
    try terminal.waitFor("has 0")
    try terminal.waitFor("has 1")
    try terminal.waitFor("has 2")
    try terminal.waitFor("child done")
    #expect(try terminal.wait(for: child) == .exited(0))
  }

  // T20
  @Test(.enabled(if: BuildKind.isDebug))
  func `a connection that was not closed is closed, and told where it was opened`() throws {
    try onLoop {
      let forgetful = try await run("drop", "")
      #expect(forgetful.error.contains("was not closed"))
      #expect(forgetful.error.contains("Probe.swift:"))
      #expect(forgetful.exit.isSuccess)
    }
  }

  @Test func `a full standard output is reported`() throws {
    try onLoop {
      let full = try await run("fill", "> /dev/full")
      #expect(full.error == "ENOSPC\n")
      #expect(full.exit.isSuccess)
    }
  }

  @Test func `a standard output that nobody reads any more is reported`() throws {
    try onLoop {
      let child = try await startProcess(
        "/bin/sh", ["-c", "\"$0\" fill | head -c 100000 > /dev/null", try probe()],
        error: .pipe)
      let (_, error, exit) = try await child.communicate()
      #expect(error.text == "EPIPE\n")
      #expect(exit.isSuccess)
    }
  }

  // U14
  @Test func `streams on one socket put its mode back when the last one is gone`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      try peer.send("x")
      let child = try await startProcess(
        probe(), ["flags"], input: .descriptor(ours), output: .descriptor(ours), error: .pipe)
      let (_, error, _) = try await child.communicate()
      #expect(error.text == "blocks polls polls blocks\n")
      let said = try await peer.receive(exactly: 11)
      #expect(said.text == "still here\n")
      close(ours)
    }
  }

  @Test func `the main actor is served inside run`() throws {
    try onLoop {
      let main = try await run("main-actor", "")
      #expect(main.output == "220\n")
      #expect(main.exit.isSuccess)
    }
  }

  // A process that traps hangs inside the sanitizers.
  @Test(.enabled(if: BuildKind.isDebug && !BuildKind.isSanitized))
  func `a nested run says what is wrong`() throws {
    try onLoop {
      let nested = try await run("nested", "")
      #expect(nested.error.contains("EventLoop.run inside a loop"))
      #expect(!nested.exit.isSuccess)
    }
  }
}
