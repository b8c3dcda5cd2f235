import ChatWire
import Fluvial
import Glibc

/// Lines on standard error, each with the time.
///
/// Never waits: when nobody reads standard error the lines are dropped, and the chat goes on.
struct ServerLog: Sendable {
  private let writer: StreamWriter?

  init() async {
    writer = try? await standardError()
  }

  /// A line for the operator; what steers terminals is taken out.
  func write(_ text: String) { put("\(Self.time) \(text)") }

  /// Why the program ends.
  func complain(_ text: String) { put("chat-server: \(text)") }

  /// Gives the last lines a second to be written.
  func flush() async {
    guard let writer else { return }
    try? await withTimeout(.seconds(1)) { try await writer.flush() }
  }

  private func put(_ line: String) {
    _ = try? writer?.tryWrite(Array("\(line.cleaned)\n".utf8))
  }

  /// As ISO 8601 has it, in UTC.
  private static var time: String {
    var now = Glibc.time(nil)
    var parts = unsafe tm()
    unsafe gmtime_r(&now, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = unsafe strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
