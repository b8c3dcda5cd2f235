import Glibc
import TestSupport
import Testing

/// A terminal that takes no output holds up nobody.
@Suite struct StoppedTerminalTests {
  @Test func `a terminal stopped by ctrl-s does not hold up the exit`() throws {
    let run = try ProbeRun("cbreak", "input")
    try run.terminal.waitFor("ready")
    try run.terminal.type("\u{13}x")
    let ending = try run.terminal.wait(for: run.probe, within: .seconds(10))
    #expect(ending == .exited(0))
    #expect(try run.terminal.attributes() == run.before)
  }

  @Test func `a terminal whose screen nobody reads does not hold up the exit`() throws {
    let run = try ProbeRun("raw", "full-output")
    let ending = try run.terminal.wait(
      for: run.probe, readingScreen: false, within: .seconds(10))
    #expect(ending == .exited(0))
    #expect(try run.terminal.attributes() == run.before)
  }
}
