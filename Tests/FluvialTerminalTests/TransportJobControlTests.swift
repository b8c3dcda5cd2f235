import Glibc
import TestSupport
import Testing

/// Stopping and going on, with a shell above and without one.
@Suite struct TransportJobControlTests {
  @Test func `ctrl-z gives the terminal to the shell, and fg takes it back`() throws {
    let run = try ShellRun()
    let cooked = try run.terminal.attributes()
    try run.enter("\(BuiltProducts.executable("terminal-probe")) raw")
    try run.terminal.waitFor("ready")
    let raw = try run.terminal.attributes()
    try run.terminal.type("z")
    try run.terminal.waitFor("leaving")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
    try run.enter("fg")
    try run.terminal.waitFor("back")
    #expect(try run.terminal.attributes() == raw)
    try run.terminal.type("x")
    try run.terminal.waitFor("key 120")
    try run.terminal.type("q")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
  }

  @Test func `in cbreak ctrl-z is a signal and does the same`() throws {
    let run = try ShellRun()
    let cooked = try run.terminal.attributes()
    try run.enter("\(BuiltProducts.executable("terminal-probe")) cbreak")
    try run.terminal.waitFor("ready")
    let cbreak = try run.terminal.attributes()
    try run.terminal.type("\u{1A}")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
    try run.enter("fg")
    try run.terminal.waitFor("back")
    #expect(try run.terminal.attributes() == cbreak)
    // A second time: the watcher is there again.
    try run.terminal.type("\u{1A}")
    try run.waitForPrompt()
    try run.enter("fg")
    try run.terminal.waitFor("back")
    try run.terminal.type("q")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
  }

  @Test func `a stop that somebody else asks for does the same in raw mode`() throws {
    let run = try ShellRun()
    let cooked = try run.terminal.attributes()
    let probe = try BuiltProducts.executable("terminal-probe")
    try run.enter("sh -c 'echo \"<$$>\"; exec \(probe) raw'")
    try run.terminal.waitFor("<")
    let id = try #require(Int32(run.terminal.waitFor(">").dropLast()))
    try run.terminal.waitFor("ready")
    let raw = try run.terminal.attributes()
    kill(id, SIGTSTP)
    try run.terminal.waitFor("leaving")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
    try run.enter("fg")
    try run.terminal.waitFor("back")
    #expect(try run.terminal.attributes() == raw)
    try run.terminal.type("q")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
  }

  @Test func `fg after bg takes the terminal back, though no signal tells`() throws {
    let run = try ShellRun()
    let cooked = try run.terminal.attributes()
    try run.enter("\(BuiltProducts.executable("terminal-probe")) raw")
    try run.terminal.waitFor("ready")
    try run.terminal.type("z")
    try run.waitForPrompt()
    try run.enter("bg")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
    try run.enter("fg")
    try run.terminal.waitFor("back")
    try run.terminal.type("q")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
  }

  @Test func `a program started in the background touches nothing until fg`() throws {
    let run = try ShellRun()
    let cooked = try run.terminal.attributes()
    try run.enter("\(BuiltProducts.executable("terminal-probe")) raw &")
    try run.terminal.waitFor("behind")
    #expect(try run.terminal.attributes() == cooked)
    try run.enter("fg")
    try run.terminal.waitFor("back")
    #expect(try run.terminal.attributes() != cooked)
    try run.terminal.type("q")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
  }

  @Test func `after SIGSTOP and fg the mode is set again`() throws {
    let run = try ShellRun()
    let cooked = try run.terminal.attributes()
    try run.enter("\(BuiltProducts.executable("terminal-probe")) raw")
    try run.terminal.waitFor("ready")
    let raw = try run.terminal.attributes()
    try run.terminal.type("s")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
    try run.enter("fg")
    try run.terminal.waitFor("back")
    #expect(try run.terminal.attributes() == raw)
    try run.terminal.type("q")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
  }

  @Test func `without a shell that could continue it the program goes on`() throws {
    let run = try TransportRun("raw")
    try run.terminal.waitFor("ready")
    let raw = try run.terminal.attributes()
    try run.terminal.type("z")
    try run.terminal.waitFor("back")
    #expect(try run.terminal.attributes() == raw)
    try run.terminal.type("q")
    let end = try run.finish()
    #expect(end.ending == .exited(0))
    #expect(end.isRestored)
  }
}
