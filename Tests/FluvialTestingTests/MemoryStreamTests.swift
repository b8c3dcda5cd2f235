import Fluvial
import FluvialTesting
import StreamTestSupport
import Testing

/// What streams in memory do beyond the contract: capacity, faults, and telling of a stream that breaks it.
@Suite struct MemoryStreamTests {
  @Test func `water marks are honoured behind the capacity`() throws {
    try onLoop {
      let (near, far) = try await memoryStreamPair(capacity: 1000, limit: 100)
      near.writer.bufferLimits = try WriteBufferLimits(low: 10, high: 50)
      var written = 0
      var refusals = 0
      while refusals < 20 {
        if try near.writer.tryWrite([UInt8](repeating: 1, count: 10)) {
          written += 10
        } else {
          refusals += 1
        }
        await Task.yield()
      }
      // The reader's limit and one delivery, the pipe, and the marks: no more than that is held anywhere.
      #expect(written <= 1000 + 1000 + 100 + 60)
      #expect(try await far.reader.read(exactly: written).count == written)
      try await near.writer.drain()
      near.writer.close()
      far.writer.close()
    }
  }

  @Test func `a reset after so many bytes delivers those and then the error`() throws {
    try onLoop {
      var faults = StreamFaults(seed: 7)
      faults.resetAfter = 5000
      let (near, far) = try await memoryStreamPair(faults: faults)
      let sent = pattern(8000)
      try await near.writer.write(sent)
      #expect(try await far.reader.read(exactly: 5000) == Array(sent[..<5000]))
      #expect(try await StreamError.code { try await far.reader.read(upTo: 1) } == .broken)
      #expect(try await StreamError.code { try await near.writer.write([1]) } == .broken)
      #expect(await far.writer.waitClosed() == .reset(.connectionReset))
    }
  }

  @Test(arguments: [0, -5])
  func `a capacity that is not positive is refused`(capacity: Int) throws {
    try onLoop {
      let code = try await StreamError.code { try await memoryStreamPair(capacity: capacity) }
      #expect(code == .invalidArgument)
    }
  }

  @Test func `the checks find a stream that loses bytes, and say which promise it broke`() throws {
    try onLoop(within: .seconds(60)) {
      var options = StreamCheckOptions()
      options.volume = 50_000
      options.timeLimit = .seconds(2)
      var faults = StreamFaults(seed: 1)
      faults.resetAfter = 20_000
      let broken = faults
      let error = await #expect(throws: StreamCheckError.self) {
        try await checkStreamPair(options: options) { try await memoryStreamPair(faults: broken) }
      }
      let names = error?.failures.map(\.check) ?? []
      #expect(names.contains("much each way at once arrives, straight"))
      #expect(!names.contains { $0.hasPrefix("writing nothing sends nothing") })
      #expect(error?.description.contains("swapped") == true)
    }
  }

  @Test func `the loop's end closes streams in memory`() throws {
    let near = try EventLoop.run { try await memoryStreamPair().0 }
    try onLoop {
      let code = try await StreamError.code { try await near.reader.read(upTo: 1) }
      #expect(code == .closed)
    }
  }
}
