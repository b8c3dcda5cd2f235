import Glibc
import TestSupport
import Testing

/// The prompt on a real terminal.
@Suite struct PromptTests {
  @Test func `a line that is typed arrives, and the terminal is restored`() throws {
    let prompt = try PromptRun()
    try prompt.terminal.waitFor("\r\u{1b}[K> ")
    try prompt.enter("hello wörld")
    try prompt.terminal.waitFor("said [hello wörld] 11")
    let end = try prompt.leave()
    #expect(end.ending == .exited(0))
    #expect(end.isRestored)
    #expect(end.output.contains("\u{1b}[?2004h"))
    #expect(end.output.hasSuffix(TransportRun.offString))
  }

  // Y14
  @Test func `a line is edited by the characters that a user sees`() throws {
    let prompt = try PromptRun()
    try prompt.enter("helo\u{1b}[Dl")
    try prompt.terminal.waitFor("said [hello] 5")
    try prompt.enter("漢字\u{7f}x")
    try prompt.terminal.waitFor("said [漢x] 2")
    try prompt.enter("👨‍👩‍👧‍👦👍🏽e\u{301}\u{7f}\u{7f}")
    try prompt.terminal.waitFor("said [👨‍👩‍👧‍👦] 1")
    try prompt.enter("one two\u{17}three")
    try prompt.terminal.waitFor("said [one three] 9")
    try prompt.enter("\u{1b}[A\u{1b}[A")
    try prompt.terminal.waitFor("said [👨‍👩‍👧‍👦] 1")
    #expect(try prompt.leave().isRestored)
  }

  @Test func `a paste of 10000 characters is one line and is drawn a few times at most`() throws {
    let prompt = try PromptRun()
    try prompt.terminal.waitFor("\r\u{1b}[K> ")
    let before = prompt.terminal.output.utf8.count
    let pasted = String(repeating: "0123456789", count: 1_000)
    try prompt.terminal.type("\u{1b}[200~" + pasted + "\u{1b}[201~")
    try prompt.enter("")
    try prompt.terminal.waitFor("] 10000")
    // The echo of the line itself, and nothing like a repaint for each character.
    #expect(prompt.terminal.output.utf8.count - before < 20_000)
    #expect(try prompt.leave().isRestored)
  }

  @Test func `the lines of a paste are one line with line feeds`() throws {
    let prompt = try PromptRun()
    try prompt.terminal.type("\u{1b}[200~one\r\ntwo\u{1b}[201~")
    try prompt.terminal.waitFor("one⏎two")
    try prompt.enter("")
    try prompt.terminal.waitFor("said [one^Jtwo] 7")
    #expect(try prompt.leave().isRestored)
  }

  @Test func `text typed without the marks of a paste arrives whole`() throws {
    let prompt = try PromptRun()
    let typed = String(repeating: "abcdefghij", count: 1_000)
    try prompt.terminal.type(typed)
    try prompt.enter("")
    try prompt.terminal.waitFor("] 10000")
    #expect(try prompt.leave().isRestored)
  }

  @Test func `300 lines from four threads leave the draft as it is`() throws {
    let prompt = try PromptRun()
    try prompt.enter("burst")
    try prompt.terminal.type("draft")
    try prompt.terminal.waitFor("burst over")
    try prompt.enter("!")
    try prompt.terminal.waitFor("said [draft!] 6")
    let lines = prompt.terminal.output.unicodeScalars.split { $0 == "\r" || $0 == "\n" }
      .map(String.init)
    for number in 0..<75 {
      #expect(lines.count { $0.hasSuffix("burst \(number)") } == 4)
    }
    #expect(try prompt.leave().isRestored)
  }

  @Test func `a storm of resizes ends with the last size, and the draft intact`() throws {
    let prompt = try PromptRun()
    try prompt.terminal.type("draft")
    for step in 0..<60 { try prompt.terminal.resize(columns: 20 + step, rows: 5 + step % 20) }
    for (columns, rows) in [(5, 2), (1, 1), (0, 0), (100, 30)] {
      try prompt.terminal.resize(columns: columns, rows: rows)
    }
    try prompt.terminal.waitFor("size 100x30")
    try prompt.enter("")
    try prompt.terminal.waitFor("said [draft] 5")
    #expect(try prompt.leave().isRestored)
  }

  @Test(arguments: [(5, 2), (1, 1), (0, 0), (300, 100)])
  func `any size will do`(columns: Int, rows: Int) throws {
    let prompt = try PromptRun(columns: columns, rows: rows)
    try prompt.enter("wide 漢字 line")
    try prompt.terminal.waitFor("said [wide 漢字 line] 12")
    let end = try prompt.leave()
    #expect(end.ending == .exited(0))
    #expect(end.isRestored)
  }

  @Test(arguments: ["raw", "cbreak"])
  func `ctrl-c clears the line, and twice on an empty one leaves with 130`(mode: String) throws {
    let prompt = try PromptRun(mode)
    try prompt.terminal.type("gone")
    try prompt.terminal.waitFor("gone")
    try prompt.terminal.type("\u{3}")
    try prompt.terminal.waitFor("\r\u{1b}[K> \r\u{1b}[2C")
    try prompt.enter("here")
    try prompt.terminal.waitFor("said [here]")
    try prompt.terminal.type("\u{3}")
    try prompt.terminal.waitFor("press ctrl-c again")
    try prompt.terminal.type("\u{3}")
    let end = try prompt.run.finish()
    #expect(end.ending == .exited(130))
    #expect(end.isRestored)
    #expect(end.output.hasSuffix(TransportRun.offString))
  }

  @Test(arguments: ["throw", "crash", "exit"])
  func `whatever ends the program, the terminal is restored`(word: String) throws {
    let prompt = try PromptRun()
    try prompt.enter(word)
    let end = try prompt.run.finish()
    #expect(end.ending != .exited(0))
    #expect(end.isRestored)
    #expect(end.output.contains(TransportRun.offString))
  }

  @Test func `a question is answered with one key, and the draft comes back`() throws {
    let prompt = try PromptRun()
    try prompt.enter("ask")
    try prompt.terminal.waitFor("sure? (y/n)")
    try prompt.terminal.type("y")
    try prompt.terminal.waitFor("answer y")
    try prompt.enter("next")
    try prompt.terminal.waitFor("said [next]")
    #expect(try prompt.leave().isRestored)
  }

  @Test func `a line that is rejected is in the row again`() throws {
    let prompt = try PromptRun()
    try prompt.enter("reject")
    try prompt.terminal.waitFor("> reject me not")
    try prompt.enter("")
    try prompt.terminal.waitFor("said [reject me not]")
    #expect(try prompt.leave().isRestored)
  }

  @Test func `tab completes and lists`() throws {
    let prompt = try PromptRun()
    try prompt.enter("b\t")
    try prompt.terminal.waitFor("said [banana]")
    try prompt.terminal.type("a\t\t")
    try prompt.terminal.waitFor("apple  apricot")
    try prompt.enter("r\t")
    try prompt.terminal.waitFor("said [apricot]")
    #expect(try prompt.leave().isRestored)
  }

  @Test func `another program has the terminal for a while, and the draft comes back`() throws {
    let prompt = try PromptRun()
    try prompt.enter("lend")
    try prompt.terminal.type("")
    try prompt.terminal.waitFor("outside")
    #expect(try prompt.terminal.attributes() == prompt.run.before)
    try prompt.terminal.type("for the child\n")
    try prompt.terminal.waitFor("child read for the child")
    try prompt.terminal.waitFor("waits")
    try prompt.enter("for us")
    try prompt.terminal.waitFor("said [for us]")
    #expect(try prompt.leave().isRestored)
  }

  @Test func `lines are kept in a file for the next run, but not the answers to questions`() throws
  {
    let folder = try Folder()
    let path = folder.path("history")
    let first = try PromptRun("history", path)
    try first.enter("one")
    try first.enter(" secret")
    try first.enter("\u{1b}[200~two\rlines\u{1b}[201~")
    try first.enter("text")
    try first.terminal.waitFor("new> ")
    try first.enter("my name")
    try first.terminal.waitFor("said [my name]")
    #expect(try first.leave().isRestored)
    #expect(try folder.read("history") == "one\ntwo\\nlines\ntext\n")
    #expect(try folder.mode("history") == 0o600)
    let second = try PromptRun("history", path)
    try second.enter("\u{1b}[A\u{1b}[A")
    try second.terminal.waitFor("said [two^Jlines]")
    try second.enter("\u{12}on")
    try second.terminal.waitFor("said [one]")
    #expect(try second.leave().isRestored)
  }

  @Test func `a file that cannot be used is told of, and the session goes on`() throws {
    let folder = try Folder()
    #expect(unsafe symlink("/etc/passwd", folder.path("history")) == 0)
    let prompt = try PromptRun("history", folder.path("history"))
    try prompt.enter("hello")
    try prompt.terminal.waitFor("said [hello]")
    let end = try prompt.leave()
    #expect(end.isRestored)
    #expect(
      end.output.contains("what is typed is not kept: history file \(folder.path("history"))"))
  }

  @Test func `the text before the line can change`() throws {
    let prompt = try PromptRun()
    try prompt.enter("text")
    try prompt.terminal.waitFor("\r\u{1b}[Knew> ")
    #expect(try prompt.leave().isRestored)
  }

  @Test func `a terminal that takes no output does not keep the program`() throws {
    let prompt = try PromptRun()
    try prompt.enter("flood")
    try prompt.enter("flood")
    // Nobody reads the screen any more.
    try prompt.terminal.type("\u{4}")
    let ending = try prompt.terminal.wait(
      for: prompt.run.probe, readingScreen: false, within: .seconds(5))
    #expect(ending == .exited(0))
    #expect(try prompt.terminal.attributes() == prompt.run.before)
  }

  @Test func `a window that is closed ends the program`() throws {
    let prompt = try PromptRun()
    prompt.terminal.hangUp()
    #expect(try prompt.run.probe.wait(within: .seconds(2)) == .died(signal: SIGHUP))
  }
}
