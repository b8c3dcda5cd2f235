import StreamTestSupport
import Testing

@testable import Fluvial

/// Water marks: when writers wait, and when they go on.
@Suite struct WriterRoomTests {
  // W06
  @Test func `writers go on at or below the low mark and not before`() throws {
    try onLoop {
      let limits = try WriteBufferLimits(low: 2000, high: 300_000)
      let stream = try await StalledStream(limits: limits)
      var written = try await stream.fill()
      try await stream.writer.write(pattern(400_000, from: written))
      written += 400_000
      let isIn = Flag()
      let expected = pattern(written)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await stream.writer.write([7])
          isIn.raise()
        }
        try await stream.writer.waiting(1)
        var got = 0
        while !isIn.isRaised {
          let left = stream.writer.bufferedCount
          #expect(stream.writer.waitingWrites() == (left > limits.low ? 1 : 0))
          if let some = try stream.peer.receive(upTo: 1000) {
            #expect(some == Array(expected[got..<got + some.count]))
            got += some.count
          }
          await Task.yield()
        }
        #expect(stream.writer.bufferedCount <= limits.low + 1)
        #expect(got > 300_000)
        try await group.waitForAll()
      }
      await stream.abort()
    }
  }

  // W07
  @Test func `with a high mark of zero a write waits for the kernel to have the one before`() throws
  {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(high: 0))
      try await stream.writer.write(pattern(200_000))
      #expect(stream.writer.bufferedCount > 0)
      let second = start { try await stream.writer.write([9]) }
      try await stream.writer.waiting(1)
      var got: [UInt8] = []
      while stream.writer.waitingWrites() == 1 {
        #expect(stream.writer.bufferedCount > 0)
        if let some = try stream.peer.receive(upTo: 4096) { got += some }
        await Task.yield()
      }
      try await second.value
      #expect(stream.writer.bufferedCount <= 1)
      got += try await stream.finish()
      #expect(got == pattern(200_000) + [9])
    }
  }

  // W08
  @Test func `marks that make no sense are refused, and one mark gives the other`() throws {
    #expect(throws: UVError.invalidArgument) { try WriteBufferLimits(low: 2, high: 1) }
    #expect(throws: UVError.invalidArgument) { try WriteBufferLimits(low: -1, high: 1) }
    #expect(throws: UVError.invalidArgument) { try WriteBufferLimits(low: -2, high: -1) }
    #expect(throws: UVError.invalidArgument) { try WriteBufferLimits(high: -4) }
    #expect(throws: UVError.invalidArgument) { try WriteBufferLimits(high: -1) }
    #expect(throws: UVError.invalidArgument) { try WriteBufferLimits(low: -1) }
    #expect(throws: UVError.invalidArgument) { try WriteBufferLimits(low: .min) }
    #expect(try WriteBufferLimits(high: 1000) == WriteBufferLimits(low: 250, high: 1000))
    #expect(try WriteBufferLimits(low: 1000) == WriteBufferLimits(low: 1000, high: 4000))
    #expect(try WriteBufferLimits(low: .max) == WriteBufferLimits(low: .max, high: .max))
    #expect(try WriteBufferLimits(low: 5, high: 5).low == 5)
    #expect(WriteBufferLimits.default == (try WriteBufferLimits(low: 16_384, high: 65_536)))
  }

  // W09
  @Test func `exactly at the high mark there is room, one byte more and there is none`() throws {
    try onLoop {
      let stream = try await StalledStream()
      _ = try await stream.fill()
      let waiting = stream.writer.bufferedCount
      stream.writer.bufferLimits = try WriteBufferLimits(low: 0, high: waiting + 100)
      #expect(try stream.writer.tryWrite(pattern(100)))
      #expect(stream.writer.bufferedCount == waiting + 100)
      #expect(try stream.writer.tryWrite([]))
      try await stream.writer.drain()
      #expect(try stream.writer.tryWrite([1]))
      #expect(try !stream.writer.tryWrite([]))
      #expect(try !stream.writer.tryWrite([1]))
      #expect(stream.writer.bufferedCount == waiting + 101)
      await stream.abort()
    }
  }

  // W09
  @Test func `a protocol is told to pause once, and once to go on`() throws {
    try onLoop {
      let listener = try RawListener(buffer: 4096)
      guard let loop = EventLoop.current else { throw TestFailure("Not on a loop.") }
      let address = try SocketAddress(number: "127.0.0.1", port: listener.port)
      let connection = try await loop.createConnection(to: address) { PauseLog() }
      let (transport, log) = connection.value
      let peer = try await listener.accept()
      transport.writeBufferLimits = try WriteBufferLimits(high: 1 << 24)
      var written = 0
      while transport.writeBufferSize == 0 {
        try transport.write([UInt8](repeating: 1, count: 4096))
        written += 4096
        await turns(5)
      }
      let size = transport.writeBufferSize
      transport.writeBufferLimits = try WriteBufferLimits(low: 10, high: size + 50)
      try transport.write([UInt8](repeating: 1, count: 50))
      #expect(log.events == [])
      for _ in 0..<3 { try transport.write([1]) }
      #expect(log.events == ["pause"])
      _ = try await peer.receive(exactly: written + 53)
      try await eventually("it may go on") { log.events == ["pause", "resume"] }
      transport.abort()
    }
  }

  // W13
  @Test func `ten waiting writers all go on, in the order in which they came`() throws {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(low: 100, high: 400))
      let written = try await stream.fillToPause()
      var tasks: [Task<Void, any Error>] = []
      for index in 0..<10 {
        tasks.append(
          start {
            // Each closes the room for those behind it.
            try await stream.writer.write([UInt8](repeating: UInt8(index), count: 500))
          })
        try await stream.writer.waiting(index + 1)
      }
      let all = try await stream.peer.receive(exactly: written + 5000)
      for task in tasks { try await task.value }
      #expect(
        Array(all[written...]) == (0..<10).flatMap { [UInt8](repeating: UInt8($0), count: 500) })
      #expect(try await stream.finish().isEmpty)
    }
  }

  // W22
  @Test func `a flush waits until the kernel has everything`() throws {
    try onLoop {
      let stream = try await StalledStream()
      try await stream.writer.flush()
      let sent = pattern(500_000)
      try await stream.writer.write(sent)
      let isDone = Flag()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await stream.writer.flush()
          #expect(stream.writer.bufferedCount == 0)
          isDone.raise()
        }
        await turns(50)
        #expect(!isDone.isRaised)
        #expect(try await stream.peer.receive(exactly: 400_000) == Array(sent[..<400_000]))
        #expect(!isDone.isRaised)
        #expect(try await stream.peer.receive(exactly: 100_000) == Array(sent[400_000...]))
        try await group.waitForAll()
      }
      #expect(try await stream.finish().isEmpty)
    }
  }

  @Test func `a cancelled flush takes nothing back`() throws {
    try onLoop {
      let stream = try await StalledStream()
      try await stream.writer.write(pattern(100_000))
      let flush = start { try await stream.writer.flush() }
      await turns()
      flush.cancel()
      await #expect(throws: CancellationError.self) { try await flush.value }
      #expect(try await stream.finish() == pattern(100_000))
    }
  }

  // W23
  @Test func `a try without room is false at once, and queues nothing`() throws {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(high: 1000))
      let written = try await stream.fillToPause()
      let held = stream.writer.bufferedCount
      for _ in 0..<100 {
        #expect(try !stream.writer.tryWrite([1]))
        #expect(try !stream.writer.tryWrite([1].span))
      }
      #expect(stream.writer.bufferedCount == held)
      #expect(try await stream.finish() == pattern(written))
    }
  }

  @Test func `a value larger than the high mark is accepted whole, and the next one waits`() throws
  {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(high: 1000))
      let sent = pattern(20_000_000)
      try await stream.writer.write(sent)
      #expect(stream.writer.bufferedCount > 19_000_000)
      let next = start { try await stream.writer.write([5]) }
      try await stream.writer.waiting(1)
      #expect(try await stream.peer.receive(exactly: sent.count) == sent)
      try await next.value
      #expect(try await stream.finish() == [5])
    }
  }

  @Test func `nobody overtakes a writer that waits`() throws {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(low: 100, high: 400))
      let written = try await stream.fillToPause()
      let first = start { try await stream.writer.write([1]) }
      try await stream.writer.waiting(1)
      let drained = start { try await stream.writer.drain() }
      try await stream.writer.waiting(2)
      let second = start { try await stream.writer.write([2]) }
      try await stream.writer.waiting(3)
      #expect(try !stream.writer.tryWrite([3]))
      // Raising the marks makes room, for those who wait first.
      stream.writer.bufferLimits = try WriteBufferLimits(low: 1 << 20, high: 1 << 21)
      #expect(stream.writer.waitingWrites() == 0)
      #expect(try stream.writer.tryWrite([3]))
      try await first.value
      try await drained.value
      try await second.value
      #expect(try await stream.finish() == pattern(written) + [1, 2, 3])
    }
  }

  @Test func `the synchronous write refuses what would go over the hard limit, whole`() throws {
    try onLoop {
      let listener = try RawListener(buffer: 4096)
      guard let loop = EventLoop.current else { throw TestFailure("Not on a loop.") }
      let address = try SocketAddress(number: "127.0.0.1", port: listener.port)
      let connection = try await loop.createConnection(to: address) { PauseLog() }
      let transport = connection.value.transport
      let peer = try await listener.accept()
      #expect(transport.writeHardLimit == 16 << 20)
      transport.writeHardLimit = 1 << 20
      var written = 0
      let block = [UInt8](repeating: 1, count: 100_000)
      let error = #expect(throws: UVError.self) {
        while written < 100 << 20 {
          try transport.write(block)
          written += block.count
        }
      }
      #expect(error == .noBufferSpace)
      #expect(error?.context.contains("100000") == true)
      #expect(transport.writeBufferSize <= 1 << 20)
      #expect(throws: UVError.noBufferSpace) {
        try transport.write(contentsOf: [block, block, block, block, block, block, block, block])
      }
      #expect(try await peer.receive(exactly: written).count == written)
      transport.abort()
    }
  }
}

/// Writes down when it is told to pause and to go on; the loop's thread only.
final class PauseLog: StreamProtocol {
  private(set) var events: [String] = []
  func pauseWriting() { events.append("pause") }
  func resumeWriting() { events.append("resume") }
}
