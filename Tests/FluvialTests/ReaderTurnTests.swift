import StreamTestSupport
import Testing

@testable import Fluvial

/// A reader that keeps finding its bytes: it lets others run, but not with lent bytes in its hands.
@Suite struct ReaderTurnTests {
  /// Ways to read one of the lines that are there.
  enum Way: CaseIterable {
    case some, exactly, line, lent, into

    func read(_ fed: FedReader) async throws {
      switch self {
      case .some: _ = try await fed.reader.read(upTo: 2)
      case .exactly: _ = try await fed.reader.read(exactly: 2)
      case .line: _ = try await fed.reader.readLine()
      case .lent: _ = try await fed.reader.withNextChunk { _ in }
      case .into:
        var target: [UInt8] = []
        _ = try await fed.reader.read(into: &target, upTo: 2)
      }
    }
  }

  @Test(arguments: Way.allCases)
  func `after 128 reads in a row others run before the next`(way: Way) throws {
    try onLoop {
      let fed = try FedReader()
      let (reads, seen) = (Flag(), Record<Int>())
      let other = start {
        for _ in 0..<3 {
          seen.add(reads.count)
          await Task.yield()
        }
      }
      for _ in 0..<400 {
        fed.feed("a\n")
        try await way.read(fed)
        reads.raise()
      }
      try await other.value
      #expect(seen.all == [128, 256, 384])
    }
  }

  // Every number around the one after which others run: there the window must not have been lent before.
  @Test(arguments: 120...136)
  func `bytes are lent whole after many reads in a row, whatever else arrives meanwhile`(
    reads: Int
  ) throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (reader, writer) = try await openConnection(adopting: ours)
      let (others, otherPeer) = try RawSocket.pair()
      let other = try await openConnection(adopting: others)
      let lent = start {
        for _ in 0..<reads { _ = try await reader.read(exactly: 1) }
        return try await reader.withNextChunk { chunk in
          unsafe chunk.withUnsafeBufferPointer { unsafe Array($0) }
        }
      }
      let noise = start { try await other.reader.read(exactly: 5000) }
      try await reader.parked()
      try await other.reader.parked()
      let sent = pattern(4000)
      // Both are there in the same turn, and come through the same memory.
      try peer.send(sent)
      try otherPeer.send([UInt8](repeating: 255, count: 5000))
      #expect(try await lent.value == Array(sent[reads...]))
      _ = try await noise.value
      for end in [writer, other.writer] {
        end.abort()
        _ = await end.waitClosed()
      }
    }
  }
}
