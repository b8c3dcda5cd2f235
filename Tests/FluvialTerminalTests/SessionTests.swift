import Glibc
import TestSupport
import Testing

/// Sessions that are not a full terminal, job control of a prompt, and the keys alone.
@Suite struct SessionTests {
  @Test(arguments: ["", "dumb"])
  func `a terminal that understands nothing gets no escape sequence`(name: String) throws {
    let run = try TransportRun(words: ["prompt"], environment: ["TERM": name])
    try run.terminal.waitFor("ready\r\n")
    #expect(try run.terminal.attributes() == run.before)
    try run.terminal.type("hello\n")
    try run.terminal.waitFor("said [hello]")
    try run.terminal.type("\u{4}")
    let end = try run.finish()
    #expect(end.ending == .exited(0))
    #expect(!end.output.contains("\u{1b}"))
  }

  @Test func `every line of a pipe arrives, the last one without its end too`() throws {
    let program = try BuiltProducts.executable("terminal-probe")
    let outcome = try PipedProgram.run(program, ["prompt"], input: "one\ntwo")
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output == "ready\nsaid [one] 3\nsaid [two] 3\n")
    #expect(outcome.error.isEmpty)
  }

  @Test(arguments: ["/dev/null", "closed"])
  func `an input that has nothing ends at once`(input: String) throws {
    let program = try BuiltProducts.executable("terminal-probe")
    let redirection = input == "closed" ? "<&-" : "< \(input)"
    let outcome = try PipedProgram.run("/bin/sh", ["-c", "\(program) prompt \(redirection)"])
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output == "ready\n")
  }

  @Test func `a file is read to its end`() throws {
    let program = try BuiltProducts.executable("terminal-probe")
    let outcome = try PipedProgram.run(
      "/bin/sh",
      ["-c", "printf 'one\\ntwo' > \"$0\" && \(program) prompt < \"$0\"; rm \"$0\"", path])
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output == "ready\nsaid [one] 3\nsaid [two] 3\n")
  }

  @Test func `output that is lost is told, with a status and a sentence`() throws {
    let program = try BuiltProducts.executable("terminal-probe")
    let outcome = try PipedProgram.run(
      "/bin/sh", ["-c", "\(program) prompt > /dev/full"], input: "x\n")
    #expect(outcome.ending != .exited(0))
    #expect(
      outcome.error.contains(
        "Standard output was lost: write: no space left on device (ENOSPC).")
        || outcome.error.contains("ENOSPC"), "\(outcome.error)")
  }

  @Test func `a socket is an input like a pipe`() throws {
    var input: [Int32] = [-1, -1]
    var output: [Int32] = [-1, -1]
    try #require(
      unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &input)
        == 0)
    try #require(unsafe pipe(&output) == 0)
    _ = fcntl(output[0], F_SETFD, FD_CLOEXEC)
    let child = try Child(
      BuiltProducts.executable("terminal-probe"), ["prompt"], input: .descriptor(input[0]),
      output: .descriptor(output[1]), error: .descriptor(output[1]))
    for end in [input[0], output[1]] { close(end) }
    defer { close(output[0]) }
    #expect(unsafe write(input[1], "one\ntwo", 7) == 7)
    close(input[1])
    #expect(try child.wait() == .exited(0))
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = unsafe read(output[0], &bytes, bytes.count)
    #expect(
      String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        == "ready\nsaid [one] 3\nsaid [two] 3\n")
  }

  @Test func `with every standard stream closed it ends at once`() throws {
    let program = try BuiltProducts.executable("terminal-probe")
    let outcome = try PipedProgram.run(
      "/bin/sh", ["-c", "(\(program) prompt <&- >&- 2>&-); echo $?"])
    #expect(outcome.output == "0\n")
  }

  private var path: String { "/tmp/fluvial-session-\(getpid())" }

  @Test func `output that is not a terminal gets text only`() throws {
    let terminal = try PseudoTerminal()
    let before = try terminal.attributes()
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    let child = try terminal.spawn(
      BuiltProducts.executable("terminal-probe"), ["prompt"], output: .descriptor(ends[1]))
    close(ends[1])
    defer { close(ends[0]) }
    try terminal.type("hello\n\u{4}")
    #expect(try terminal.wait(for: child) == .exited(0))
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = unsafe read(ends[0], &bytes, bytes.count)
    #expect(
      String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "ready\nsaid [hello] 5\n")
    #expect(try terminal.attributes() == before)
  }

  @Test(arguments: ["raw", "cbreak"])
  func `ctrl-z and fg keep the draft`(mode: String) throws {
    let run = try ShellRun()
    let cooked = try run.terminal.attributes()
    try run.enter("\(BuiltProducts.executable("terminal-probe")) prompt \(mode)")
    try run.terminal.waitFor("ready")
    try run.terminal.type("draft")
    try run.terminal.waitFor("draft")
    try run.terminal.type("\u{1A}")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
    try run.enter("fg")
    try run.terminal.waitFor("resumed")
    try run.terminal.type(" goes on\r")
    try run.terminal.waitFor("said [draft goes on] 13")
    try run.terminal.type("\u{4}")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
  }

  @Test func `a prompt that begins in the background appears with fg`() throws {
    let run = try ShellRun()
    let cooked = try run.terminal.attributes()
    try run.enter("\(BuiltProducts.executable("terminal-probe")) prompt &")
    try run.waitForPrompt()
    try run.enter("fg")
    try run.terminal.waitFor("ready")
    try run.terminal.type("hello\r")
    try run.terminal.waitFor("said [hello]")
    try run.terminal.type("\u{4}")
    try run.waitForPrompt()
    #expect(try run.terminal.attributes() == cooked)
  }

  @Test func `keys come one by one, whatever their encoding`() throws {
    let run = try TransportRun("keys")
    try run.terminal.waitFor("ready")
    try run.terminal.type("é")
    try run.terminal.waitFor("text(\"é\")")
    try run.terminal.type("\u{1b}[A")
    try run.terminal.waitFor("Key.up")
    try run.terminal.type("\u{1b}OB")
    try run.terminal.waitFor("Key.down")
    // Alone, it is a key as soon as nothing follows.
    try run.terminal.type("\u{1b}")
    try run.terminal.waitFor("Key.escape")
    try run.terminal.type("q")
    let end = try run.finish()
    #expect(end.ending == .exited(0))
    #expect(end.isRestored)
  }
}
