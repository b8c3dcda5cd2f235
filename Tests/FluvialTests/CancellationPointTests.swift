import StreamTestSupport
import Testing

@testable import Fluvial

/// Every kind of read, cancelled before it waits, while it waits, and when its bytes have come and it has not run yet.
@Suite struct CancellationPointTests {
  /// Gives what it took out of the stream.
  typealias Read = @Sendable (StreamReader) async throws -> [UInt8]

  static let reads: [(name: String, read: Read)] = [
    ("up to", { try await $0.read(upTo: 4) ?? [] }),
    ("exactly", { try await $0.read(exactly: 4) }),
    ("until", { try await $0.read(until: bytes("\n")) }),
    ("line", { bytes((try await $0.readLine() ?? "") + "\n") }),
    ("line bytes", { (try await $0.readLineBytes() ?? []) + [10] }),
    ("to end", { try await $0.readToEnd() }),
    (
      "into",
      {
        var target: [UInt8] = []
        _ = try await $0.read(into: &target, upTo: 3)
        return target
      }
    ),
    (
      "lent",
      {
        try await $0.withNextChunk { unsafe $0.withUnsafeBufferPointer { unsafe Array($0) } } ?? []
      }
    ),
    (
      "peek",
      {
        _ = try await $0.peek(4)
        return []
      }
    ),
    ("chunks", { try await $0.chunks.next() ?? [] }),
    ("lines", { bytes((try await $0.lines.next() ?? "") + "\n") }),
  ]

  enum Moment: CaseIterable { case before, parked, fed, fedAndEnded }

  @Test(arguments: Moment.allCases)
  func `nothing is lost, and nothing comes twice`(moment: Moment) throws {
    try onLoop {
      for (name, read) in Self.reads {
        let fed = try FedReader()
        let task = start { try await read(fed.reader) }
        if moment != .before { try await fed.reader.parked() }
        switch moment {
        case .before, .parked: break
        case .fed: fed.feed("one\ntwo\n")
        case .fedAndEnded:
          fed.feed("one\ntwo\n")
          fed.end()
        }
        task.cancel()
        var taken: [UInt8] = []
        switch await task.result {
        case .success(let bytes):
          // Who has been chosen gets its bytes, cancelled or not.
          #expect(moment == .fed || moment == .fedAndEnded, "\(name)")
          taken = bytes
        case .failure(let error):
          #expect(error is CancellationError, "\(name): \(error)")
        }
        if moment == .before || moment == .parked { fed.feed("one\ntwo\n") }
        if moment != .fedAndEnded { fed.end() }
        #expect(!fed.reader.isAtEnd || taken.count == 8, "\(name)")
        let rest = try await fed.reader.readToEnd()
        #expect((taken + rest).text == "one\ntwo\n", "\(name)")
        #expect(fed.reader.isAtEnd, "\(name)")
      }
    }
  }

  @Test(arguments: Moment.allCases)
  func `a skip that was cancelled has begun, and is done once`(moment: Moment) throws {
    try onLoop {
      let fed = try FedReader("drop ")
      let task = start { try await fed.reader.skip(past: bytes("\n")) }
      if moment != .before { try await fed.reader.parked() }
      if moment == .fed || moment == .fedAndEnded { fed.feed("this\nkept\n") }
      if moment == .fedAndEnded { fed.end() }
      task.cancel()
      switch await task.result {
      case .success(let found): #expect(found)
      case .failure(let error): #expect(error is CancellationError)
      }
      if moment == .before || moment == .parked { fed.feed("this\nkept\n") }
      #expect(try await fed.reader.readLine() == "kept")
    }
  }

  @Test func `every kind of read may time out, again and again, and then delivers`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      for (name, read) in Self.reads {
        let fed = try FedReader()
        for _ in 0..<10 {
          let timed = start {
            try await withTimeout(.seconds(60)) { try await read(fed.reader) }
          }
          try await fed.reader.parked()
          loop.moveClock(by: .seconds(61))
          await #expect(throws: TimeoutError.self, "\(name)") { try await timed.value }
        }
        let last = start { try await withTimeout(.seconds(60)) { try await read(fed.reader) } }
        try await fed.reader.parked()
        fed.feed("one\n")
        fed.end()
        let taken = try await last.value
        #expect((taken + (try await fed.reader.readToEnd())).text == "one\n", "\(name)")
      }
    }
  }
}
