import Fluvial
import Glibc

/// A row at the bottom that shows how far the work is; nothing at all where standard error is no terminal.
///
/// Its escape sequences are two: `\r` to the start of the row, and `ESC[K`, which clears it.
final class ProgressBar {
  private static let width = 40

  private let terminal: StreamWriter?
  private let total: Int
  private var done = 0
  private var shown = -1

  init(total: Int) async {
    self.total = max(total, 1)
    terminal = isatty(STDERR_FILENO) == 1 ? try? await standardError() : nil
  }

  /// One more is done; never waits.
  func advance() {
    done += 1
    show()
  }

  /// Takes the bar away, for a line of output; the next ``advance()`` shows it again below.
  func clear() async {
    guard let terminal, shown >= 0 else { return }
    shown = -1
    try? await terminal.write("\r\u{1b}[K")
    // What is printed next may go another way to the same screen.
    try? await terminal.flush()
  }

  private func show() {
    let percent = done * 100 / total
    guard let terminal, percent != shown else { return }
    shown = percent
    let filled = done * Self.width / total
    let bar =
      String(repeating: "#", count: filled) + String(repeating: "-", count: Self.width - filled)
    // A terminal that takes no output misses a picture, and the scan goes on.
    _ = try? terminal.tryWrite(Array("\r[\(bar)] \(percent) %".utf8))
  }
}
