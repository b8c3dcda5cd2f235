import Glibc
import TestSupport
import Testing

@Suite struct PseudoTerminalTests {
  @Test func `a program finds the terminal on all three streams`() throws {
    let terminal = try PseudoTerminal()
    let shell = try terminal.spawn("/bin/sh", ["-c", "test -t 0 && test -t 1 && test -t 2"])
    #expect(try terminal.wait(for: shell) == .exited(0))
  }

  @Test func `the terminal is the controlling one`() throws {
    let terminal = try PseudoTerminal()
    let shell = try terminal.spawn("/bin/sh", ["-c", "echo reached > /dev/tty"])
    try terminal.waitFor("reached")
    #expect(try terminal.wait(for: shell) == .exited(0))
  }

  @Test func `a stream can be closed while the others are on the terminal`() throws {
    let terminal = try PseudoTerminal()
    let shell = try terminal.spawn(
      "/bin/sh", ["-c", "test -t 1 && ! test -e /dev/fd/0"], input: .closed)
    #expect(try terminal.wait(for: shell) == .exited(0))
  }

  @Test func `what is typed reaches the program`() throws {
    let terminal = try PseudoTerminal()
    let shell = try terminal.spawn("/bin/sh", ["-c", "read line; echo \"<$line>\""])
    try terminal.type("hello\n")
    try terminal.waitFor("<hello>")
    #expect(try terminal.wait(for: shell) == .exited(0))
  }

  @Test func `a new size is signalled to the program`() throws {
    let terminal = try PseudoTerminal(columns: 80, rows: 24)
    let shell = try terminal.spawn(
      "/bin/sh", ["-c", "trap 'stty size; exit 0' WINCH; echo ready; while read -r x; do :; done"])
    try terminal.waitFor("ready")
    try terminal.resize(columns: 5, rows: 2)
    try terminal.waitFor("2 5")
    #expect(try terminal.wait(for: shell) == .exited(0))
  }

  @Test func `what was found once is not found again`() throws {
    let terminal = try PseudoTerminal()
    let shell = try terminal.spawn("/bin/sh", ["-c", "echo one; echo one; echo two"])
    #expect(try terminal.waitFor("one") == "one")
    #expect(try terminal.waitFor("two") == "\r\none\r\ntwo")
    #expect(try terminal.wait(for: shell) == .exited(0))
  }

  @Test func `waiting for what does not come ends at the deadline`() throws {
    let terminal = try PseudoTerminal()
    #expect(throws: HarnessError.self) { try terminal.waitFor("never", within: .zero) }
  }

  @Test func `waiting for a program that does not end ends at the deadline`() throws {
    let terminal = try PseudoTerminal()
    let shell = try terminal.spawn("/bin/sh", ["-c", "read line"])
    #expect(throws: HarnessError.self) { try terminal.wait(for: shell, within: .zero) }
  }
}
