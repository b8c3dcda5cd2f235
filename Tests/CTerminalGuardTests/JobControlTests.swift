import Glibc
import TestSupport
import Testing

/// Stopping, going on, and the background.
@Suite struct JobControlTests {
  /// Makes the terminal do what a shell or `stty` would, from outside.
  private func change(
    _ terminal: PseudoTerminal, _ edit: (inout termios) -> Void
  ) throws -> TerminalAttributes {
    var attributes = termios()
    #expect(unsafe tcgetattr(terminal.descriptor, &attributes) == 0)
    edit(&attributes)
    #expect(unsafe tcsetattr(terminal.descriptor, TCSANOW, &attributes) == 0)
    return try terminal.attributes()
  }

  @Test func `a suspended program has restored the terminal`() throws {
    let run = try ProbeRun("raw", "suspend")
    try run.terminal.waitFor("ready")
    try run.terminal.type("x")
    try run.terminal.waitFor(ProbeRun.offString + "suspended")
    #expect(try run.terminal.attributes() == run.before)
  }

  @Test func `resuming sets the mode and writes the on string again`() throws {
    let run = try ProbeRun("raw", "suspend")
    try run.terminal.waitFor("ready")
    let set = try run.terminal.attributes()
    try run.terminal.type("x")
    try run.terminal.waitFor("suspended")
    try run.terminal.type("\n")
    try run.terminal.waitFor(ProbeRun.onString + "resumed")
    #expect(try run.terminal.attributes() == set)
    try run.terminal.type("x")
    #expect(try run.finish().isRestored)
  }

  @Test func `what the user changed during a stop is what comes back in the end`() throws {
    let run = try ProbeRun("raw", "suspend")
    try run.terminal.waitFor("ready")
    try run.terminal.type("x")
    try run.terminal.waitFor("suspended")
    let changed = try change(run.terminal) { $0.c_iflag |= tcflag_t(IXANY) }
    try run.terminal.type("\n")
    try run.terminal.waitFor("resumed")
    try run.terminal.type("x")
    #expect(try run.finish().after == changed)
  }

  @Test func `a terminal made cooked behind the program's back is noticed and mended`() throws {
    let run = try ProbeRun("raw", "continue")
    try run.terminal.waitFor("ready")
    _ = try change(run.terminal) { $0.c_lflag |= tcflag_t(ICANON | ECHO) }
    try run.terminal.type("\n")
    try run.terminal.waitFor("changed\r\n")
    try run.terminal.waitFor("intact again")
    #expect(try !run.terminal.attributes().hasLocal(ICANON))
    try run.terminal.type("x")
    #expect(try run.finish().ending == .exited(0))
  }

  @Test func `resuming an intact terminal does nothing`() throws {
    let run = try ProbeRun("raw", "continue")
    try run.terminal.waitFor("ready")
    try run.terminal.type("x")
    try run.terminal.waitFor("intact\r\n")
    try run.terminal.waitFor("intact again")
    try run.terminal.type("x")
    let remains = try run.finish()
    #expect(remains.isRestored)
    let parts = remains.output.split(
      separator: ProbeRun.onString, omittingEmptySubsequences: false)
    #expect(parts.count == 2, "\(remains.output.debugDescription)")
  }

  @Test func `a background program is refused and touches nothing`() throws {
    let remains = try ProbeRun("behind", "raw", "return").finish()
    #expect(remains.ending == .exited(75))
    #expect(remains.isRestored, "\(remains.after)")
    #expect(remains.output.isEmpty, "\(remains.output.debugDescription)")
  }

  @Test func `a program that dies in the background leaves the terminal alone`() throws {
    let remains = try ProbeRun("overtaken", "raw", "overtaken").finish()
    #expect(remains.ending == .exited(3))
    #expect(remains.after.hasLocal(ICANON | ISIG))
    #expect(!remains.after.hasLocal(ECHO))
    #expect(remains.output == ProbeRun.onString)
  }
}
