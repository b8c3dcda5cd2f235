import FluvialTransports
import StreamTestSupport
import Testing

@testable import Fluvial

/// Closing: who is woken, what can still be done, and how the end is told.
@Suite struct ClosingTests {
  // X02
  @Test func `closing wakes a writer that is blocked, with closed`() throws {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(high: 100))
      let written = try await stream.fillToPause()
      let write = start { try await stream.writer.write(pattern(1000)) }
      try await stream.writer.waiting(1)
      stream.writer.close()
      #expect(try await StreamError.code { try await write.value } == .closed)
      #expect(try await stream.finish() == pattern(written))
    }
  }

  // X03
  @Test func `every read after own close is refused as closed, data or none`() throws {
    typealias Read = @Sendable (StreamReader) async throws -> Void
    let reads: [Read] = [
      { _ = try await $0.read(upTo: 1) }, { _ = try await $0.read(exactly: 1) },
      { _ = try await $0.readLine() }, { _ = try await $0.readLineBytes() },
      { _ = try await $0.readLine(maxLength: 5) }, { _ = try await $0.readToEnd() },
      { _ = try await $0.peek(1) }, { _ = try await $0.skip(past: [10]) },
      { _ = try await $0.read(until: [10]) }, { _ = try await $0.withNextChunk { $0.count } },
      { _ = try await $0.chunks.next() }, { _ = try await $0.lines.next() },
    ]
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (reader, writer) = try await openConnection(adopting: ours)
      try peer.send("line\n")
      try await eventually("the line is here") { reader.bufferedCount == 5 }
      writer.close()
      for read in reads {
        #expect(try await StreamError.code { try await read(reader) } == .closed)
      }
      peer.close()
      _ = await writer.waitClosed()
      for read in reads {
        #expect(try await StreamError.code { try await read(reader) } == .closed)
      }
    }
  }

  // X04
  @Test func `closing can be repeated, in any order and from any thread`() throws {
    try onLoop {
      for order in 0..<4 {
        let (ours, peer) = try RawSocket.pair()
        let (reader, writer) = try await openConnection(adopting: ours)
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<10 {
            group.addTask(executorPreference: EventLoop.shared.taskExecutor) {
              if order.isMultiple(of: 2) { writer.close() } else { writer.abort() }
            }
          }
          if order > 1 { writer.close() }
        }
        writer.close()
        writer.abort()
        writer.close()
        _ = await writer.waitClosed()
        writer.abort()
        writer.close()
        #expect(writer.isClosing)
        #expect(try await StreamError.code { try await reader.read(upTo: 1) } == .closed)
        peer.close()
      }
    }
  }

  // X05
  @Test func `a close in a cancelled task closes, and its end can be waited for`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (_, writer) = try await openConnection(adopting: ours)
      try await writer.write("bye")
      let task = start {
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        writer.close()
        return await writer.waitClosed()
      }
      #expect(try await peer.receiveToEnd().text == "bye")
      peer.close()
      #expect(try await task.value == .finished)
    }
  }

  // X06
  @Test func `after a read and a write were cancelled at once the stream closes gracefully`() throws
  {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(high: 100))
      let written = try await stream.fillToPause()
      let write = start { try await stream.writer.write(pattern(1000)) }
      let read = start { try await stream.reader.read(upTo: 1) }
      try await stream.writer.waiting(1)
      try await stream.reader.parked()
      write.cancel()
      read.cancel()
      await #expect(throws: CancellationError.self) { try await write.value }
      await #expect(throws: CancellationError.self) { try await read.value }
      #expect(try await stream.finish() == pattern(written))
      #expect(await stream.writer.waitClosed() == .finished)
    }
  }

  // X07
  @Test func `what was sent before a close is read, then the end`() throws {
    try onLoop {
      let listener = try RawListener()
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: listener.port)
      let peer = try await listener.accept()
      let sending = start {
        try await peer.sendAll(pattern(300_000))
        peer.close()
      }
      try await sending.value
      await turns(50)
      #expect(try await reader.readToEnd() == pattern(300_000))
      #expect(try await reader.read(upTo: 1) == nil)
      // The peer's end left our side open.
      #expect(!writer.isClosing)
      writer.close()
      _ = await writer.waitClosed()
    }
  }

  // X08
  @Test func `a peer that aborts gives an error or the end, never invented data`() throws {
    try onLoop {
      for _ in 0..<20 {
        let listener = try RawListener()
        let (reader, writer) = try await openConnection(host: "127.0.0.1", port: listener.port)
        let peer = try await listener.accept()
        let sent = pattern(5000)
        try peer.send(sent)
        peer.reset()
        var got: [UInt8] = []
        do {
          while let some = try await reader.read(upTo: 777) { got += some }
        } catch let error as StreamError {
          #expect(error.code == .broken)
        }
        #expect(Array(sent.prefix(got.count)) == got)
        writer.close()
        _ = await writer.waitClosed()
      }
    }
  }

  // X10
  @Test(arguments: [11, 12, 13] as [UInt64])
  func `a megabyte each way at once, in pieces of random size, arrives`(seed: UInt64) throws {
    try onLoop(shuffledBy: seed) {
      let (ours, peer) = try RawSocket.pair()
      let near = try await openConnection(adopting: ours)
      let other = try duplicate(peer)
      let far = try await openConnection(adopting: other)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, end) in [near, far].enumerated() {
          group.addTask {
            var random = SeededGenerator(seed: seed &+ UInt64(index))
            var place = 0
            while place < 1_000_000 {
              let size = min(Int.random(in: 1...40_000, using: &random), 1_000_000 - place)
              try await end.writer.write(pattern(size, from: place + index))
              place += size
            }
            try end.writer.writeEOF()
          }
          group.addTask {
            var random = SeededGenerator(seed: seed &+ UInt64(index) &+ 100)
            var got: [UInt8] = []
            while let some = try await end.reader.read(
              upTo: Int.random(in: 1...50_000, using: &random))
            {
              got += some
            }
            #expect(got == pattern(1_000_000, from: 1 - index))
          }
        }
        try await group.waitForAll()
      }
      near.writer.close()
      far.writer.close()
    }
  }

  // X12
  @Test func `the end is told to all who wait, early or late, and never thrown`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (_, writer) = try await openConnection(adopting: ours)
      let told = Flag()
      let early = start {
        let reason = await writer.waitClosed()
        told.raise()
        return reason
      }
      await turns(30)
      #expect(!told.isRaised)
      early.cancel()
      await turns(30)
      #expect(!told.isRaised)
      writer.close()
      peer.close()
      #expect(try await early.value == .finished)
      #expect(await writer.waitClosed() == .finished)
      #expect(await writer.waitClosed() == .finished)

      let listener = try RawListener()
      let broken = try await openConnection(host: "127.0.0.1", port: listener.port)
      try await listener.accept().reset()
      #expect(await broken.writer.waitClosed() == .reset(.connectionReset))
      broken.writer.close()
      #expect(await broken.writer.waitClosed() == .reset(.connectionReset))
    }
  }

  @Test func `the peer's end of stream leaves our direction open`() throws {
    try onLoop {
      for v6 in [false, true] {
        let listener = try RawListener(v6: v6)
        let host = v6 ? "::1" : "127.0.0.1"
        let (reader, writer) = try await openConnection(host: host, port: listener.port)
        let peer = try await listener.accept()
        try peer.send("question")
        peer.endSending()
        #expect(try await reader.readToEnd().text == "question")
        try await writer.write("answer")
        writer.close()
        #expect(try await peer.receiveToEnd().text == "answer")
        peer.close()
        #expect(await writer.waitClosed() == .finished)
      }
    }
  }

  @Test func `reader and writer dropped without a close close the connection`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      do {
        let (_, writer) = try await openConnection(adopting: ours)
        try await writer.write("last")
      }
      #expect(try await peer.receiveToEnd().text == "last")
    }
  }

  @Test func `one of reader and writer keeps the connection`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      var reader: StreamReader? = try await openConnection(adopting: ours).reader
      try peer.send("here")
      #expect(try await reader?.read(exactly: 4).text == "here")
      await turns()
      #expect(try peer.receive() == nil)
      reader = nil
      #expect(try await peer.receiveToEnd().isEmpty)
    }
  }

  @Test func `a refused descriptor is closed, not leaked`() throws {
    try onLoop {
      let (first, peer) = try RawSocket.pair()
      #expect(
        try await StreamError.code { try await openConnection(adopting: first, limit: 0) }
          == .invalidArgument)
      #expect(try await peer.receiveToEnd().isEmpty)
      let (reading, writing) = try pipeEnds()
      #expect(
        try await StreamError.code { try await openConnection(adopting: reading) }
          == .invalidArgument)
      #expect(try RawSocket(writing).isWithoutReader())
    }
  }
}
