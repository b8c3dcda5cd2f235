import Glibc
import TestSupport
import Testing

/// A terminal's one owner, its one reader, and its nested modes.
@Suite struct TerminalTests {
  // Y08
  @Test func `one owner, one reader, and modes that nest`() throws {
    let run = try TransportRun("ownership")
    try run.terminal.waitFor("a pipe: ENOTTY")
    try run.terminal.waitFor("a second terminal: EBUSY")
    try run.terminal.waitFor("a second reader: EBUSY")
    try run.terminal.waitFor("a reader that gave up: CancellationError")
    try run.terminal.waitFor("type")
    try run.terminal.type("x")
    try run.terminal.waitFor("its key: text(\"x\")")

    try run.terminal.waitFor("cooked inside raw")
    #expect(try run.terminal.attributes() == run.before)
    try run.terminal.type("\n")
    try run.terminal.waitFor("raw again")
    #expect(try run.terminal.attributes().local & tcflag_t(ICANON | ISIG) == 0)
    try run.terminal.type("\r")
    try run.terminal.waitFor("cbreak again")
    let cbreak = try run.terminal.attributes()
    #expect(cbreak.hasLocal(ISIG) && !cbreak.hasLocal(ICANON))
    try run.terminal.type("\r")
    try run.terminal.waitFor("as it was")
    #expect(try run.terminal.attributes() == run.before)
    try run.terminal.type("\n")

    try run.terminal.waitFor("after the close: the end")
    try run.terminal.waitFor("a mode after the close: ENOTCONN")
    try run.terminal.waitFor("a terminal again")
    let end = try run.finish()
    #expect(end.ending == .exited(0))
    #expect(end.isRestored)
  }
}
