import CTerminalGuard
import Glibc

/// Sets a mode of the terminal on standard input and ends in the way that is asked for.
///
/// `terminal-guard-probe <mode> <ending>`, or with `behind` or `overtaken` in front: see `Leader`. Exits with 75 when the
/// mode is refused for being in the background, and with 64 for words it does not know.
@main
struct Probe {
  static func main() throws {
    var words = CommandLine.arguments.dropFirst()
    if let leader = words.first.flatMap(Leader.init) {
      exit(leader.run(Array(words.dropFirst())))
    }
    guard let mode = words.popFirst().flatMap(Mode.init),
      let ending = words.popFirst().flatMap(ProbeEnding.init)
    else { exit(64) }
    if ending == .overtaken { raise(SIGSTOP) }
    check(ftg_attach(STDIN_FILENO))
    if ending == .handledSignal { check(ftg_handle_termination(true)) }
    let on = Array("\u{1b}[?2004h".utf8)
    let off = Array(offString.utf8)
    check(unsafe ftg_set_strings(on, on.count, off, off.count))
    check(mode.enter())
    try ending.run()
  }

  /// What the guard writes by default.
  static let offString = "\u{1b}[?2004l\u{1b}[0m\u{1b}[?25h\r\u{1b}[J"

  /// Exits when a call was refused.
  static func check(_ status: Int32) {
    if status == -EAGAIN { exit(75) }
    if status < 0 { exit(70) }
  }

  /// Writes a line at once, without buffers that an ending could lose.
  static func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe write(STDOUT_FILENO, bytes, bytes.count)
  }

  /// Reads one byte from the terminal.
  @discardableResult
  static func readByte() -> UInt8? {
    var byte: UInt8 = 0
    return unsafe read(STDIN_FILENO, &byte, 1) == 1 ? byte : nil
  }
}

/// A mode with its options, by the word for it.
enum Mode: String {
  case raw
  case cbreak
  case cbreakWithoutFlowControl = "cbreak-without-flow-control"

  func enter() -> Int32 {
    switch self {
    case .raw: ftg_set_mode(FTG_RAW, 0)
    case .cbreak: ftg_set_mode(FTG_CBREAK, 0)
    case .cbreakWithoutFlowControl:
      ftg_set_mode(FTG_CBREAK, UInt32(FTG_NO_FLOW_CONTROL.rawValue))
    }
  }
}
