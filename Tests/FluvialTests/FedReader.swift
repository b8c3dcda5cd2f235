import FluvialPrimitives
import StreamTestSupport

@testable import Fluvial

/// A reader that a test feeds by hand, at exactly the boundaries that it chooses.
///
/// No transport: what a read finds is what was fed, and nothing comes in between.
struct FedReader: Sendable {
  private let core: StreamReaderProtocol
  let reader: StreamReader

  init(_ text: String = "", limit: Int = StreamReaderProtocol.defaultLimit) throws {
    guard let loop = EventLoop.current else { throw TestFailure("Not on a loop.") }
    core = try StreamReaderProtocol(loop: loop, limit: limit)
    reader = core.makeStreams().reader
    feed(text)
  }

  func feed(_ text: String) { feed(bytes(text)) }

  func feed(_ bytes: [UInt8]) {
    if !bytes.isEmpty { core.dataReceived(bytes.span) }
  }

  /// Each byte as a delivery of its own.
  func feedSingly(_ text: String) {
    for byte in text.utf8 { feed([byte]) }
  }

  func end() { _ = core.eofReceived() }

  func fail(_ error: UVError) { core.connectionLost(error) }

  func close() { core.close() }
}

extension StreamReader {
  /// Whether a read waits.
  var isParked: Bool {
    core.reading.withLock { state in
      if case .parked = state.reader { return true }
      return false
    }
  }

  /// Lets the loop turn until a read waits.
  func parked() async throws {
    try await eventually("a read waits") { isParked }
  }
}

extension Optional where Wrapped == [UInt8] {
  /// The bytes as text, for a message that can be read.
  var text: String? { map { String(decoding: $0, as: UTF8.self) } }
}

extension Array where Element == UInt8 {
  var text: String { String(decoding: self, as: UTF8.self) }
}
