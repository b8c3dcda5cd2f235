import CheckRows
import Fluvial

/// Frames both ways over one connection: one task sends, one receives.
struct Pump: Sendable {
  let duration: Duration
  /// The longest frame.
  let most: Int
  let seed: UInt64

  /// What went and what came.
  struct Count: Sendable {
    var sent = 0
    var received = 0

    static func + (left: Count, right: Count) -> Count {
      Count(sent: left.sent + right.sent, received: left.received + right.received)
    }
  }

  func run(_ reader: StreamReader, _ writer: StreamWriter) async throws -> Count {
    let end = writer.loop.clock.now.advanced(by: duration)
    return try await withThrowingTaskGroup(of: Count.self) { group in
      group.addTask {
        Count(sent: try await Frames.send(to: writer, until: end, upTo: most, seed: seed))
      }
      group.addTask { Count(received: try await Frames.receive(from: reader)) }
      return try await group.reduce(Count()) { $0 + $1 }
    }
  }
}
