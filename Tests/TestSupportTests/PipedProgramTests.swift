import Glibc
import TestSupport
import Testing

@Suite struct PipedProgramTests {
  @Test func `a megabyte goes in and comes out`() throws {
    let text = String(repeating: "0123456789abcde\n", count: 65_536)
    let outcome = try PipedProgram.run("/bin/cat", input: text)
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output == text)
    #expect(outcome.error.isEmpty)
  }

  @Test func `both outputs and the status are collected`() throws {
    let outcome = try PipedProgram.run("/bin/sh", ["-c", "echo out; echo err >&2; exit 7"])
    #expect(outcome.ending == .exited(7))
    #expect(outcome.output == "out\n")
    #expect(outcome.error == "err\n")
  }

  @Test func `a program can be talked to`() throws {
    let program = try PipedProgram("/bin/cat")
    try program.write("one\n")
    try program.waitForOutput("one\n")
    try program.write("two\n")
    try program.waitForOutput("two\n")
    program.closeInput()
    #expect(try program.finish().ending == .exited(0))
  }

  @Test func `a signal is told from an exit`() throws {
    let program = try PipedProgram("/bin/cat")
    program.signal(SIGTERM)
    #expect(try program.finish().ending == .died(signal: SIGTERM))
  }

  @Test func `a program that reads nothing is no error`() throws {
    let text = String(repeating: "x", count: 1_000_000)
    #expect(try PipedProgram.run("/bin/true", input: text).ending == .exited(0))
  }

  @Test func `the environment is small and can be added to`() throws {
    let outcome = try PipedProgram.run("/usr/bin/env", environment: ["EXTRA": "yes"])
    #expect(outcome.output.contains("EXTRA=yes\n"))
    #expect(outcome.output.contains("TERM=xterm-256color\n"))
    #expect(!outcome.output.contains("PWD="))
  }

  @Test func `a program that does not exist is named`() {
    #expect(throws: HarnessError.self) { try BuiltProducts.executable("no-such-program") }
  }
}
