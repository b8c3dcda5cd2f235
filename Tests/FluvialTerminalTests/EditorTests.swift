import Glibc
import TestSupport
import Testing

/// An editor that fills the whole screen, made of what is public.
@Suite struct EditorTests {
  private static let on = "\u{1b}[?1049h\u{1b}[?2004h"
  private static let off = "\u{1b}[?2004l\u{1b}[?1049l" + TransportRun.offString

  private func start(
    columns: Int = 80, rows: Int = 24, environment: [String: String] = [:]
  ) throws -> TransportRun {
    let run = try TransportRun(
      words: ["edit"], columns: columns, rows: rows, environment: environment)
    try run.terminal.waitFor("ctrl-q leaves")
    return run
  }

  @Test func `keys, pastes and wide characters make a text`() throws {
    let run = try start()
    try run.terminal.type("helo\u{1b}[Dl\u{1b}[C\r漢字x\u{7f}\u{1b}[200~ one\r\ntwo\u{1b}[201~")
    try run.terminal.waitFor("3/3 80x24")
    // At the start of a line a backspace joins it with the one before.
    try run.terminal.type("\u{1b}[D\u{1b}[D\u{1b}[D\u{7f}")
    try run.terminal.waitFor("2/2 80x24")
    // The cursor is behind four columns of ideographs and four of letters.
    try run.terminal.waitFor("\u{1b}[2;9H")
    try run.terminal.type("\u{1b}[A!\u{11}")
    let end = try run.finish()
    #expect(end.ending == .exited(0))
    #expect(end.isRestored)
    #expect(end.output.hasSuffix("wrote [hello!]\r\nwrote [漢字 onetwo]\r\n"))
    #expect(end.output.hasPrefix(Self.on))
    #expect(end.output.contains(Self.off))
  }

  @Test func `a new size is an event among the keys`() throws {
    let run = try start()
    try run.terminal.resize(columns: 40, rows: 5)
    try run.terminal.waitFor("1/1 40x5")
    try run.terminal.type("\u{11}")
    #expect(try run.finish().isRestored)
  }

  @Test func `a terminal without a size has the one of the environment`() throws {
    let run = try start(columns: 0, rows: 0, environment: ["COLUMNS": "61", "LINES": "7"])
    try run.terminal.type("x")
    try run.terminal.waitFor("1/1 61x7")
    try run.terminal.type("\u{11}")
    #expect(try run.finish().isRestored)
  }

  @Test(arguments: ["g", "kill"]) func `a crash leaves the other screen`(way: String) throws {
    let run = try start()
    if way == "kill" { run.probe.signal(SIGTERM) } else { try run.terminal.type("\u{7}") }
    let end = try run.finish()
    guard case .died = end.ending else {
      Issue.record("\(end.ending)")
      return
    }
    #expect(end.isRestored)
    #expect(end.output.contains(Self.off))
  }

  @Test func `another program has the terminal and its input for a while`() throws {
    let run = try start()
    let raw = try run.terminal.attributes()
    try run.terminal.type("before\u{f}")
    try run.terminal.waitFor(Self.off)
    try run.terminal.waitFor("outside")
    #expect(try run.terminal.attributes() == run.before)
    try run.terminal.type("for the child\n")
    try run.terminal.waitFor("child read for the child")
    // Back, and drawn anew; nothing of what the child read came here.
    try run.terminal.waitFor(Self.on)
    try run.terminal.waitFor("before\u{1b}[K")
    #expect(try run.terminal.attributes() == raw)
    try run.terminal.type(" and after\u{11}")
    let end = try run.finish()
    #expect(end.isRestored)
    #expect(end.output.hasSuffix("wrote [before and after]\r\n"))
  }

  @Test func `a stop leaves the other screen, and going on comes back to it`() throws {
    let shell = try ShellRun()
    let cooked = try shell.terminal.attributes()
    try shell.enter("\(BuiltProducts.executable("terminal-probe")) edit")
    try shell.terminal.waitFor("ctrl-q leaves")
    try shell.terminal.type("draft\u{1a}")
    try shell.terminal.waitFor(Self.off)
    try shell.waitForPrompt()
    #expect(try shell.terminal.attributes() == cooked)
    try shell.enter("fg")
    try shell.terminal.waitFor(Self.on)
    try shell.terminal.waitFor("draft\u{1b}[K")
    try shell.terminal.type("ed\u{11}")
    try shell.terminal.waitFor("wrote [drafted]")
    try shell.waitForPrompt()
    #expect(try shell.terminal.attributes() == cooked)
  }

  @Test(arguments: 0...8)
  func `without descriptors a terminal is refused, or writes without blocking`(
    left: Int
  ) throws {
    let terminal = try PseudoTerminal()
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    defer { close(ends[0]) }
    let probe = try terminal.spawn(
      BuiltProducts.executable("terminal-probe"), ["shortage", "\(left)"],
      error: .descriptor(ends[1]))
    close(ends[1])
    // Nobody reads the screen: whoever blocks in a write stays there.
    let ending = try terminal.wait(for: probe, readingScreen: false)
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe read(ends[0], &bytes, bytes.count)
    let said = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    #expect(ending == .exited(0), "\(said)")
    #expect(
      said == "refused: EMFILE\nand later it opens\n"
        || left > 2 && said == "the loop turns\nand later it opens\n", "\(said)")
    if left == 8 { #expect(said.hasPrefix("the loop turns")) }
  }
}
