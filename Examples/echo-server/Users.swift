import Fluvial

/// Everybody who is connected.
///
/// An actor that lives on the loop, as its connections do: no call here changes threads.
actor Users {
  private static let lineLimit = 64 * 1024

  private let loop: EventLoop
  private var count = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  init(loop: EventLoop) { self.loop = loop }

  /// One user, from the greeting to the last line.
  ///
  /// Runs once for each connection. Returning closes it, after what was written has arrived.
  func serve(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    count += 1
    defer { count -= 1 }
    try await writer.write("Welcome! \(count) user(s) are online!\n")
    while let line = try await nextLine(of: reader) { try await writer.write(line) }
  }

  /// The next line with its end, or what came before the peer's end without one; nil when there is no more.
  private func nextLine(of reader: StreamReader) async throws -> [UInt8]? {
    do {
      return try await reader.read(until: [UInt8(ascii: "\n")], maxLength: Self.lineLimit)
    } catch let error as StreamError where error.code == .incompleteRead {
      return error.partial.isEmpty ? nil : error.partial
    } catch let error as StreamError where error.code == .limitOverrun {
      // Its rest is skipped by itself: the next read is the next line.
      return Array("! a line longer than \(Self.lineLimit) bytes was dropped\n".utf8)
    }
  }
}
