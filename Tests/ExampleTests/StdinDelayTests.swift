import TestSupport
import Testing

/// Sleeping and typing at the same time.
@Suite struct StdinDelayTests {
  // E08
  @Test func `a script's delays run side by side, and are waited for`() throws {
    let outcome = try PipedProgram.run(
      BuiltProducts.executable("stdin-delay"), input: "1\n0\nx\n\u{1b}[2J\n-1\n\n1")
    #expect(outcome.ending == .exited(0))
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count { $0 == "sleeping for 1 second(s)" } == 2)
    #expect(lines.suffix(2).allSatisfy { $0 == "finished sleeping for 1 second(s)" })
    #expect(lines.contains("not a number of seconds: x"))
    #expect(lines.contains("not a number of seconds: ^[[2J"))
    #expect(lines.contains("not a number of seconds: -1"))
  }

  @Test func `output that is lost is told, with a status`() throws {
    let program = try BuiltProducts.executable("stdin-delay")
    let full = try PipedProgram.run("/bin/sh", ["-c", "echo 0 | \(program) > /dev/full"])
    #expect(full.ending == .exited(1))
    #expect(full.error.contains("Standard output was lost"), "\(full.error)")
    let unread = try runUnread("stdin-delay", input: "0\n0\n")
    #expect(unread.ending == .exited(1))
    #expect(unread.error.contains("Standard output was lost"), "\(unread.error)")
  }

  @Test func `lines are the terminal's to edit unless told otherwise`() throws {
    let terminal = try PseudoTerminal()
    let before = try terminal.attributes()
    let program = try terminal.spawn(BuiltProducts.executable("stdin-delay"))
    try terminal.waitFor("Type a number")
    #expect(try terminal.attributes() == before)
    try terminal.type("1\n")
    try terminal.waitFor("sleeping for 1")
    try terminal.type("0\n")
    try terminal.waitFor("finished sleeping for 0")
    try terminal.waitFor("finished sleeping for 1")
    try terminal.type("\u{4}")
    #expect(try terminal.wait(for: program) == .exited(0))
    #expect(try !terminal.readRest().contains("\u{1b}"))
  }

  @Test func `in raw mode a delay that ends leaves what is being typed`() throws {
    let terminal = try PseudoTerminal()
    let before = try terminal.attributes()
    let program = try terminal.spawn(BuiltProducts.executable("stdin-delay"), ["--raw"])
    try terminal.waitFor("seconds: ")
    try terminal.type("1\r")
    try terminal.waitFor("sleeping for 1")
    try terminal.type("86399")
    try terminal.waitFor("finished sleeping for 1 second(s)\r\r\n\r\u{1b}[Kseconds: 86399")
    try terminal.type("\r")
    try terminal.waitFor("sleeping for 86399")
    try terminal.type("\u{3}")
    try terminal.waitFor("press ctrl-c again")
    try terminal.type("\u{3}")
    #expect(try terminal.wait(for: program) == .exited(130))
    #expect(try terminal.attributes() == before)
  }
}
