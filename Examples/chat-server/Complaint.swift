import ChatWire
import Fluvial
import Glibc

/// What the program says when it cannot start, and the statuses of sysexits.h for it.
enum Complaint {
  static let usage: Int32 = 64
  private static let unavailable: Int32 = 69
  private static let noPermission: Int32 = 77

  /// The exit status for what kept the server from starting.
  static func status(for error: any Error) -> Int32 {
    guard let error = error as? StreamError else { return unavailable }
    if error.code == .invalidArgument { return usage }
    return error.cause == .accessDenied ? noPermission : unavailable
  }

  /// Writes a line to standard error, before there is a loop.
  static func write(_ text: String) {
    let line = Array("chat-server: \(text.cleaned)\n".utf8)
    _ = unsafe Glibc.write(STDERR_FILENO, line, line.count)
  }
}
