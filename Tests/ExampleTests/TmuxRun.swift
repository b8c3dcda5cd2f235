import Glibc
import Synchronization
import TestSupport

/// A terminal that draws, `tmux`, with one window and a shell in it: its screen can be read as a person would.
///
/// The screen is looked at again and again until it shows what is waited for, or a deadline is over.
final class TmuxRun {
  private let socket: String
  private static let program = "/usr/bin/tmux"
  private static let count = Counter()

  /// Whether there is a `tmux` to run.
  static var isInstalled: Bool { unsafe access(program, X_OK) == 0 }

  /// Starts a shell; without colour, so that the screen is text.
  init(columns: Int = 80, rows: Int = 24, shell: String = "bash --norc --noprofile") throws {
    socket = "/tmp/fluvial-tmux-\(getpid())-\(Self.count.next())"
    try run(
      "-f", "/dev/null", "-u", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)",
      "env ENV= PS1='$ ' TZ=UTC NO_COLOR=1 HISTFILE=/dev/null \(shell)")
    try waitFor("$")
  }

  deinit {
    _ = try? run("kill-server")
    _ = unsafe unlink(socket)
  }

  /// The rows of the screen, without what is empty at their ends.
  var screen: [String] { get throws { try Self.rows(run("capture-pane", "-p")) } }

  /// The screen and all that has scrolled out of it.
  var transcript: [String] { get throws { try Self.rows(run("capture-pane", "-p", "-S", "-")) } }

  /// The row at the bottom, where the line is that is typed.
  var inputRow: String { get throws { try screen.last ?? "" } }

  /// What tmux says about its window, such as `#{cursor_x}`.
  func ask(_ format: String) throws -> String {
    String(try run("display-message", "-p", format).dropLast())
  }

  func type(_ text: String) throws { try run("send-keys", "-l", text) }

  func press(_ keys: String...) throws {
    for key in keys { try run("send-keys", key) }
  }

  /// Types a command and enter.
  func enter(_ line: String) throws {
    try type(line)
    try press("Enter")
  }

  /// Pastes as a person does: with marks around it, where the program asked for them.
  func paste(_ text: String) throws {
    try run("load-buffer", "-", input: text)
    try run("paste-buffer", "-p", "-d")
  }

  func resize(columns: Int, rows: Int) throws {
    try run("resize-window", "-x", "\(columns)", "-y", "\(rows)")
  }

  /// Waits until the screen has this text.
  func waitFor(_ text: String) throws { try wait(for: text) { $0.contains { $0.contains(text) } } }

  /// Waits until the row at the bottom is this.
  func waitForInput(_ row: String) throws { try wait(for: row) { $0.last == row } }

  /// Waits until the screen is as it should be.
  func wait(for what: String, _ isThere: ([String]) -> Bool) throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(20) * BuildKind.patience
    while true {
      let rows = try screen
      if isThere(rows) { return }
      guard clock.now < end else {
        throw HarnessError("Waited for \(what); the screen was:\n\(rows.joined(separator: "\n"))")
      }
      // Nothing tells when a screen changes.
      _ = poll(nil, 0, 20)
    }
  }

  @discardableResult
  private func run(_ words: String..., input: String = "") throws -> String {
    let outcome = try PipedProgram.run(Self.program, ["-S", socket] + words, input: input)
    guard outcome.ending == .exited(0) else {
      throw HarnessError("tmux \(words.joined(separator: " ")): \(outcome.error)")
    }
    return outcome.output
  }

  private static func rows(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { row in
      var row = row
      while row.last == " " { row.removeLast() }
      return String(row)
    }
  }
}

/// Numbers that nobody else has.
private final class Counter: Sendable {
  private let last = Atomic(0)

  func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}
