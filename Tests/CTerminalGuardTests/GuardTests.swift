import CTerminalGuard
import Glibc
import TestSupport
import Testing

/// The calls themselves, made in this process on a terminal that is not its own.
///
/// One after the other, because a process has one guarded terminal.
@Suite(.serialized) final class GuardTests {
  private let terminal: PseudoTerminal
  private let found: TerminalAttributes

  init() throws {
    terminal = try PseudoTerminal()
    found = try terminal.attributes()
    try #require(ftg_attach(terminal.descriptor) == 0)
  }

  deinit { ftg_detach() }

  private func handler(of signal: Int32) -> UInt {
    var action = sigaction()
    _ = unsafe sigaction(signal, nil, &action)
    return unsafe unsafeBitCast(action.__sigaction_handler, to: UInt.self)
  }

  @Test func `a second owner is refused`() {
    #expect(ftg_attach(terminal.descriptor) == -EBUSY)
  }

  @Test func `the terminal can be attached again after it was given up`() {
    ftg_detach()
    #expect(ftg_attach(terminal.descriptor) == 0)
  }

  @Test func `a descriptor that is no terminal is refused`() {
    ftg_detach()
    let null = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(null) }
    #expect(ftg_attach(null) == -ENOTTY)
  }

  @Test func `calls without a terminal are refused`() {
    ftg_detach()
    #expect(ftg_set_mode(FTG_RAW, 0) == -ENOTCONN)
    #expect(ftg_resume() == -ENOTCONN)
    #expect(ftg_set_strings(nil, 0, nil, 0) == -ENOTCONN)
  }

  @Test func `an unknown mode is refused`() {
    #expect(ftg_set_mode(ftg_mode(rawValue: 9), 0) == -EINVAL)
  }

  @Test func `a string that is too long is refused`() {
    let long = [UInt8](repeating: 0x20, count: Int(FTG_STRING_CAPACITY) + 1)
    #expect(unsafe ftg_set_strings(nil, 0, long, long.count) == -E2BIG)
  }

  @Test func `attaching changes nothing`() throws {
    #expect(try terminal.attributes() == found)
  }

  @Test func `the guard outlives the descriptor it was given`() throws {
    ftg_detach()
    let given = unsafe open(terminal.name, O_RDWR | O_NOCTTY | O_CLOEXEC)
    #expect(ftg_attach(given) == 0)
    close(given)
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    ftg_restore(false)
    #expect(try terminal.attributes() == found)
  }

  @Test func `every mode is derived from what was found and not from the one before`() throws {
    #expect(ftg_set_mode(FTG_CBREAK, 0) == 0)
    let cbreak = try terminal.attributes()
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    #expect(ftg_set_mode(FTG_CBREAK, 0) == 0)
    #expect(try terminal.attributes() == cbreak)
    #expect(ftg_set_mode(FTG_COOKED, 0) == 0)
    #expect(try terminal.attributes() == found)
  }

  @Test func `the strings that were set are the ones that are written`() throws {
    let on = Array("<on>".utf8)
    let off = Array("<off>".utf8)
    #expect(unsafe ftg_set_strings(on, on.count, off, off.count) == 0)
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    ftg_restore(false)
    ftg_detach()
    #expect(try terminal.readRest() == "<on><off>")
  }

  @Test func `a second restore does nothing`() throws {
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    ftg_restore(false)
    ftg_restore(false)
    ftg_detach()
    #expect(try terminal.readRest() == ProbeRun.offString)
  }

  @Test func `restores on several threads at once put the terminal back`() async throws {
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { ftg_restore(false) } }
    }
    #expect(try terminal.attributes() == found)
  }

  @Test func `status flags that changed meanwhile are put back`() {
    let flags = fcntl(terminal.descriptor, F_GETFL)
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    #expect(fcntl(terminal.descriptor, F_SETFL, flags | O_NONBLOCK) == 0)
    ftg_restore(false)
    #expect(fcntl(terminal.descriptor, F_GETFL) == flags)
  }

  @Test func `status flags that were put back for a stop are set again after it`() {
    let flags = fcntl(terminal.descriptor, F_GETFL)
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    #expect(fcntl(terminal.descriptor, F_SETFL, flags | O_NONBLOCK) == 0)
    ftg_suspend()
    #expect(fcntl(terminal.descriptor, F_GETFL) == flags)
    #expect(ftg_resume() == 0)
    #expect(fcntl(terminal.descriptor, F_GETFL) == flags | O_NONBLOCK)
  }

  @Test func `attributes that are still ours are not taken for the user's`() throws {
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    var ours = termios()
    #expect(unsafe tcgetattr(terminal.descriptor, &ours) == 0)
    ftg_suspend()
    #expect(unsafe tcsetattr(terminal.descriptor, TCSANOW, &ours) == 0)
    #expect(ftg_resume() == 0)
    ftg_restore(false)
    #expect(try terminal.attributes() == found)
  }

  @Test func `resuming in cooked mode changes nothing`() throws {
    #expect(ftg_resume() == 0)
    #expect(try terminal.attributes() == found)
  }

  @Test func `a terminal that has hung up says so`() {
    terminal.hangUp()
    #expect(ftg_set_mode(FTG_RAW, 0) == -EIO)
  }

  @Test func `handlers are there only while a mode is set`() {
    let signals = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGQUIT]
    let before = signals.map { handler(of: $0) }
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    let during = signals.map { handler(of: $0) }
    ftg_restore(false)
    #expect(zip(before, during).allSatisfy { $0 != $1 })
    #expect(signals.map { handler(of: $0) } == before)
  }

  @Test func `termination signals are left alone unless asked for`() {
    let before = [SIGINT, SIGTERM, SIGHUP].map { handler(of: $0) }
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    #expect([SIGINT, SIGTERM, SIGHUP].map { handler(of: $0) } == before)
  }

  @Test func `a termination signal that is ignored stays ignored`() {
    let before = signal(SIGHUP, SIG_IGN)
    defer { _ = signal(SIGHUP, before) }
    #expect(ftg_handle_termination(true) == 0)
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    #expect(handler(of: SIGHUP) == 1)
    #expect(ftg_handle_termination(false) == 0)
  }

  @Test func `a handler that somebody else put in place of ours stays`() {
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    let before = signal(SIGSYS) { _ in }
    let theirs = handler(of: SIGSYS)
    ftg_restore(false)
    #expect(handler(of: SIGSYS) == theirs)
    _ = signal(SIGSYS, before)
    // Ours is back and knows what it replaced: a later restore removes it.
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    ftg_restore(false)
    #expect(handler(of: SIGSYS) != theirs)
  }

  @Test func `a signal that was ignored before is ignored still`() throws {
    let before = signal(SIGQUIT, SIG_IGN)
    defer { _ = signal(SIGQUIT, before) }
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    let set = try terminal.attributes()
    raise(SIGQUIT)
    #expect(try terminal.attributes() == set)
    ftg_restore(false)
  }

  @Test func `a thread that sets a mode has an alternate stack`() {
    #expect(ftg_set_mode(FTG_RAW, 0) == 0)
    var stack = unsafe stack_t()
    #expect(unsafe sigaltstack(nil, &stack) == 0)
    #expect(unsafe stack.ss_flags & Int32(SS_DISABLE) == 0)
  }
}
