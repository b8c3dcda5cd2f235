import Glibc
import TestSupport
import Testing

/// The modes of a terminal transport, and putting the terminal back.
@Suite struct TransportModeTests {
  // Y05
  @Test func `raw mode gives every byte as it was typed`() throws {
    let run = try TransportRun("raw")
    try run.terminal.waitFor("ready")
    let attributes = try run.terminal.attributes()
    #expect(attributes.local & tcflag_t(ICANON | ECHO | ISIG | IEXTEN) == 0)
    #expect(attributes.input & tcflag_t(ICRNL | IXON) == 0)
    #expect(attributes.hasOutput(OPOST))
    try run.terminal.type("\u{3}\r")
    try run.terminal.waitFor("key 3")
    try run.terminal.waitFor("key 13")
    try run.terminal.type("q")
    let end = try run.finish()
    #expect(end.ending == .exited(0))
    #expect(end.isRestored)
    #expect(end.output.contains(TransportRun.offString))
  }

  @Test func `cbreak keeps signals and flow control`() throws {
    let run = try TransportRun("cbreak")
    try run.terminal.waitFor("ready")
    let attributes = try run.terminal.attributes()
    #expect(attributes.hasLocal(ISIG | NOFLSH))
    #expect(attributes.hasInput(IXON | ICRNL))
    #expect(attributes.local & tcflag_t(ICANON | ECHO) == 0)
    try run.terminal.type("q")
    #expect(try run.finish().isRestored)
  }

  @Test func `cbreak can do without flow control`() throws {
    let run = try TransportRun("cbreak-without-flow-control")
    try run.terminal.waitFor("ready")
    #expect(try run.terminal.attributes().input & tcflag_t(IXON) == 0)
    try run.terminal.type("q")
    #expect(try run.finish().isRestored)
  }

  @Test func `a mode can be left and entered again`() throws {
    let run = try TransportRun("raw")
    try run.terminal.waitFor("ready")
    let raw = try run.terminal.attributes()
    try run.terminal.type("n")
    try run.terminal.waitFor("cooked")
    #expect(try run.terminal.attributes() == run.before)
    try run.terminal.type("r\n")
    try run.terminal.waitFor("again")
    #expect(try run.terminal.attributes() == raw)
    try run.terminal.type("q")
    #expect(try run.finish().isRestored)
  }

  @Test(arguments: [("q", Ending.exited(0)), ("e", .exited(3))])
  func `an end of the program's own restores the terminal`(key: String, ending: Ending) throws {
    let run = try TransportRun("raw")
    try run.terminal.waitFor("ready")
    try run.terminal.type(key)
    let end = try run.finish()
    #expect(end.ending == ending)
    #expect(end.isRestored)
    #expect(end.output.contains(TransportRun.offString))
  }

  @Test(arguments: ["t", "c"])
  func `an error thrown out of main and a trap restore the terminal`(key: String) throws {
    let run = try TransportRun("raw")
    try run.terminal.waitFor("ready")
    try run.terminal.type(key)
    let end = try run.finish()
    guard case .died = end.ending else {
      Issue.record("\(end.ending)")
      return
    }
    #expect(end.isRestored)
    #expect(end.output.contains(TransportRun.offString))
  }

  /// Those that a program gives itself when it crashes.
  ///
  /// The thread sanitizer runs their handlers at once, also inside itself, where one that was sent from outside hangs.
  private static let crashSignals =
    BuildKind.isSanitized ? [] : [SIGSEGV, SIGABRT, SIGILL, SIGFPE, SIGBUS]

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT] + crashSignals)
  func `a signal restores the terminal and keeps its status`(signal: Int32) throws {
    let run = try TransportRun("raw")
    try run.terminal.waitFor("ready")
    run.probe.signal(signal)
    let end = try run.finish()
    #expect(end.ending == .died(signal: signal))
    #expect(end.isRestored)
    #expect(end.output.contains(TransportRun.offString))
  }

  @Test func `a loop that is blocked does not keep the terminal`() throws {
    let run = try TransportRun("raw")
    try run.terminal.waitFor("ready")
    try run.terminal.type("b")
    try run.terminal.waitFor("blocked")
    run.probe.signal(SIGTERM)
    let end = try run.finish()
    #expect(end.ending == .died(signal: SIGTERM))
    #expect(end.isRestored)
  }

  @Test func `input that was not read is not left for the shell`() throws {
    let run = try TransportRun("raw")
    try run.terminal.waitFor("ready")
    try run.terminal.type("b")
    try run.terminal.waitFor("blocked")
    try run.terminal.type("rm -rf everything\n")
    run.probe.signal(SIGTERM)
    #expect(try run.terminal.wait(for: run.probe) == .died(signal: SIGTERM))
    var event = pollfd(fd: run.terminal.descriptor, events: Int16(POLLIN), revents: 0)
    #expect(unsafe poll(&event, 1, 0) == 0)
  }

  // Y11
  @Test func `a new size is told`() throws {
    let run = try TransportRun("raw")
    try run.terminal.waitFor("ready")
    try run.terminal.resize(columns: 5, rows: 2)
    try run.terminal.waitFor("size 5x2")
    try run.terminal.type("q")
    #expect(try run.finish().isRestored)
  }

  @Test func `a window that closes ends the program`() throws {
    let run = try TransportRun("raw")
    try run.terminal.waitFor("ready")
    run.terminal.hangUp()
    #expect(try run.probe.wait(within: .seconds(2)) == .died(signal: SIGHUP))
  }
}
