import Glibc
import TestSupport
import Testing

/// What each mode changes, seen from outside and typed through.
@Suite struct ModeTests {
  /// The attributes of a fresh terminal, and those while the probe waits in `mode`.
  private func attributes(
    in mode: String
  ) throws -> (found: TerminalAttributes, set: TerminalAttributes) {
    let run = try ProbeRun(mode, "input")
    try run.terminal.waitFor("ready")
    let set = try run.terminal.attributes()
    try run.terminal.type("x")
    #expect(try run.finish().ending == .exited(0))
    return (run.before, set)
  }

  @Test func `raw clears exactly what it is documented to clear`() throws {
    let (found, set) = try attributes(in: "raw")
    var expected = found
    expected.local &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
    expected.input &= ~tcflag_t(ICRNL | IXON | BRKINT | INPCK | ISTRIP)
    expected.control |= tcflag_t(CS8)
    expected.characters[Int(VMIN)] = 1
    expected.characters[Int(VTIME)] = 0
    #expect(set == expected)
  }

  @Test func `raw keeps output processing`() throws {
    let (_, set) = try attributes(in: "raw")
    #expect(set.hasOutput(OPOST | ONLCR))
  }

  @Test func `cbreak keeps signals and flow control and what is typed before a signal`() throws {
    let (found, set) = try attributes(in: "cbreak")
    var expected = found
    expected.local &= ~tcflag_t(ICANON | ECHO)
    expected.local |= tcflag_t(NOFLSH)
    expected.characters[Int(VMIN)] = 1
    expected.characters[Int(VTIME)] = 0
    #expect(set == expected)
    #expect(set.hasLocal(ISIG) && set.hasInput(IXON | ICRNL))
  }

  @Test func `cbreak without flow control differs from cbreak only in that`() throws {
    let (found, set) = try attributes(in: "cbreak-without-flow-control")
    #expect(!set.hasInput(IXON))
    #expect(set.input | tcflag_t(IXON) == found.input)
    #expect(set.hasLocal(ISIG | NOFLSH))
  }

  @Test(arguments: [("raw", [3, 26, 28, 13, 17, 19]), ("cbreak-without-flow-control", [17, 19])])
  func `control keys arrive as bytes where the mode says so`(
    mode: String, codes: [UInt8]
  ) throws {
    let run = try ProbeRun(mode, "keys")
    try run.terminal.waitFor("ready")
    try run.terminal.type(bytes: codes)
    for code in codes { try run.terminal.waitFor("key \(code)\r\n") }
    try run.terminal.type("q")
    #expect(try run.finish().ending == .exited(0))
  }

  @Test func `input left unread at exit is not left to the shell`() throws {
    let run = try ProbeRun("raw", "input")
    try run.terminal.waitFor("ready")
    try run.terminal.type("x and what nobody read\n")
    _ = try run.terminal.wait(for: run.probe)
    var unread: Int32 = -1
    #expect(unsafe ioctl(run.terminal.descriptor, UInt(FIONREAD), &unread) == 0)
    #expect(unread == 0)
  }
}
