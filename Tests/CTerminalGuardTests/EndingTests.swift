import Glibc
import TestSupport
import Testing

/// Whatever way a program ends, the terminal is as it was found.
@Suite struct EndingTests {
  /// What a trap of the Swift runtime ends with.
  #if arch(arm64)
    static let trap = SIGTRAP
  #else
    static let trap = SIGILL
  #endif

  @Test(arguments: ["raw", "cbreak", "cbreak-without-flow-control"])
  func `returning from main restores the terminal`(mode: String) throws {
    let remains = try ProbeRun(mode, "return").finish()
    #expect(remains.ending == .exited(0))
    #expect(remains.isRestored, "\(remains.after)")
    #expect(remains.isSwitchedOff, "\(remains.output.debugDescription)")
  }

  @Test func `exit restores the terminal and keeps its status`() throws {
    let remains = try ProbeRun("raw", "exit").finish()
    #expect(remains.ending == .exited(3))
    #expect(remains.isRestored, "\(remains.after)")
    #expect(remains.isSwitchedOff, "\(remains.output.debugDescription)")
  }

  @Test func `detaching restores the terminal`() throws {
    let remains = try ProbeRun("raw", "detach").finish()
    #expect(remains.ending == .exited(0))
    #expect(remains.isRestored, "\(remains.after)")
    #expect(remains.isSwitchedOff, "\(remains.output.debugDescription)")
  }

  @Test(arguments: [
    ("throw", trap), ("fatal-error", trap), ("out-of-bounds", trap), ("task-fatal-error", trap),
    ("abort", SIGABRT), ("null-write", SIGSEGV), ("stack-overflow", SIGSEGV),
    ("thread-stack-overflow", SIGSEGV), ("two-crashes", SIGSEGV),
  ])
  func `a crash restores the terminal and keeps its signal`(
    ending: String, signal: Int32
  ) throws {
    let remains = try ProbeRun("raw", ending).finish()
    #expect(remains.ending == .died(signal: signal))
    #expect(remains.isRestored, "\(remains.after)")
    #expect(remains.isSwitchedOff, "\(remains.output.debugDescription)")
  }

  @Test(arguments: [
    ("throw", "Error raised at top level: terminal_guard_probe.ProbeError"),
    ("fatal-error", "Fatal error: the probe gave up"),
    ("task-fatal-error", "Fatal error: the task gave up"),
  ])
  func `what a crash says is one readable line`(ending: String, text: String) throws {
    let remains = try ProbeRun("raw", ending).finish()
    let lines = remains.output.split(separator: "\r\n")
    #expect(lines.contains { $0.contains(text) }, "\(remains.output.debugDescription)")
  }

  @Test(arguments: [
    SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGQUIT,
  ])
  func `a fatal signal from outside restores the terminal`(signal: Int32) throws {
    let run = try ProbeRun("raw", "signal")
    try run.terminal.waitFor("ready")
    run.probe.signal(signal)
    let remains = try run.finish()
    #expect(remains.ending == .died(signal: signal))
    #expect(remains.isRestored, "\(remains.after)")
    #expect(remains.isSwitchedOff, "\(remains.output.debugDescription)")
  }

  @Test func `quit typed at the keyboard restores the terminal`() throws {
    let run = try ProbeRun("cbreak", "signal")
    try run.terminal.waitFor("ready")
    try run.terminal.type("\u{1c}")
    let remains = try run.finish()
    #expect(remains.ending == .died(signal: SIGQUIT))
    #expect(remains.isRestored, "\(remains.after)")
    #expect(remains.isSwitchedOff, "\(remains.output.debugDescription)")
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `a handled termination restores the terminal and keeps its signal`(signal: Int32) throws {
    let run = try ProbeRun("raw", "handled-signal")
    try run.terminal.waitFor("ready")
    run.probe.signal(signal)
    let remains = try run.finish()
    #expect(remains.ending == .died(signal: signal))
    #expect(remains.isRestored, "\(remains.after)")
    #expect(remains.isSwitchedOff, "\(remains.output.debugDescription)")
  }

  @Test func `restoring and raising dies of the signal`() throws {
    let remains = try ProbeRun("raw", "restoring-signal").finish()
    #expect(remains.ending == .died(signal: SIGTERM))
    #expect(remains.isRestored, "\(remains.after)")
    #expect(remains.isSwitchedOff, "\(remains.output.debugDescription)")
  }

  @Test func `a window that closes ends a program that handles termination`() throws {
    let run = try ProbeRun("raw", "handled-signal")
    try run.terminal.waitFor("ready")
    run.terminal.hangUp()
    #expect(try run.probe.wait() == .died(signal: SIGHUP))
  }

  /// The backtracer cannot see past the C library, so `abort` has no Swift frame; and it reads memory that the
  /// sanitizers forbid.
  @Test(
    .disabled(if: BuildKind.isSanitized),
    arguments: [
      ("fatal-error", "ProbeEnding.run()"), ("null-write", "ProbeEnding.run()"),
      ("stack-overflow", "descend"), ("abort", "Aborted"),
    ])
  func `the backtrace is printed on a restored terminal`(ending: String, place: String) throws {
    let run = try ProbeRun(
      "raw", ending, environment: ["SWIFT_BACKTRACE": "enable=yes,interactive=no,color=no"])
    let remains = try run.finish()
    let text = try #require(remains.output.split(separator: ProbeRun.offString).last)
    #expect(text.contains("crashed"), "\(remains.output.debugDescription)")
    #expect(text.contains(place), "\(remains.output.debugDescription)")
    #expect(remains.isRestored, "\(remains.after)")
  }

  @Test func `a forked copy that exits leaves the terminal to its parent`() throws {
    let run = try ProbeRun("raw", "forked-exit")
    try run.terminal.waitFor("ready")
    let inRaw = try run.terminal.attributes()
    try run.terminal.type("x")
    try run.terminal.waitFor("copy ended with 0")
    #expect(try run.terminal.attributes() == inRaw)
    try run.terminal.type("x")
    #expect(try run.finish().isRestored)
  }

  /// No process can catch it: the documentation names the command that repairs the terminal.
  @Test func `a killed program leaves the terminal raw`() throws {
    let run = try ProbeRun("raw", "signal")
    try run.terminal.waitFor("ready")
    run.probe.signal(SIGKILL)
    let remains = try run.finish()
    #expect(remains.ending == .died(signal: SIGKILL))
    #expect(!remains.after.hasLocal(ICANON))
  }

  /// It skips every hook: the documentation says so.
  @Test func `an immediate exit leaves the terminal raw`() throws {
    let remains = try ProbeRun("raw", "exit-immediately").finish()
    #expect(remains.ending == .exited(3))
    #expect(!remains.after.hasLocal(ICANON))
  }
}
