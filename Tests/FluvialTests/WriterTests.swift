import StreamTestSupport
import Testing

@testable import Fluvial

/// What may be written, and what the peer gets of it.
@Suite struct WriterTests {
  // W02
  @Test func `nothing written is nothing sent, and needs an open stream all the same`() throws {
    try onLoop {
      let stream = try await StalledStream()
      try await stream.writer.write([])
      try await stream.writer.write("")
      try await stream.writer.write(contentsOf: [[], []])
      #expect(try stream.writer.tryWrite([]))
      #expect(stream.writer.bufferedCount == 0)
      await turns()
      #expect(try stream.peer.receive() == nil)
      stream.writer.close()
      #expect(try await StreamError.code { try await stream.writer.write([]) } == .closed)
      #expect(try await StreamError.code { try await stream.writer.write("") } == .closed)
      #expect(
        try await StreamError.code { try await stream.writer.write(contentsOf: []) } == .closed)
      #expect(try await StreamError.code { try stream.writer.tryWrite([]) } == .closed)
      #expect(try await StreamError.code { try await stream.writer.drain() } == .closed)
      #expect(try await stream.finish().isEmpty)
    }
  }

  // W03
  @Test func `arrays, slices, sequences, raw memory, spans and text are all accepted`() throws {
    try onLoop {
      let stream = try await StalledStream()
      let array = bytes("array ")
      try await stream.writer.write(array)
      try await stream.writer.write(bytes("a slice is")[2..<8])
      try await stream.writer.write("lazy ".utf8.lazy.map { $0 })
      try await stream.writer.write(bytes("span ").span)
      try await stream.writer.write(repeatElement(33, count: 3))
      try await stream.writer.write(" teëxt")
      try await stream.writer.write(contentsOf: [bytes(" of"), [], bytes(" pieces")])
      let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 1)
      unsafe raw.copyBytes(from: bytes(" raw"))
      try await unsafe stream.writer.write(UnsafeRawBufferPointer(raw))
      unsafe raw.deallocate()
      let all = try await stream.finish()
      #expect(all.text == "array slice lazy span !!! teëxt of pieces raw")
    }
  }

  // W04
  @Test func `the caller may change its bytes as soon as a write returns`() throws {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(high: 1 << 20))
      let filling = try await stream.fill()
      var value = [UInt8](repeating: 1, count: 30_000)
      try await stream.writer.write(value)
      for index in value.indices { value[index] = 2 }
      try await stream.writer.write(value.span)
      for index in value.indices { value[index] = 3 }
      let all = try await stream.finish()
      #expect(all.count == filling + 60_000)
      #expect(all[filling..<filling + 30_000].allSatisfy { $0 == 1 })
      #expect(all[(filling + 30_000)...].allSatisfy { $0 == 2 })
    }
  }

  // W10, W12
  @Test func `a gather write of many pieces and 4 MB arrives in order`() throws {
    try onLoop {
      let stream = try await StalledStream()
      let sent = pattern(4_000_000)
      var pieces: [[UInt8]] = []
      var start = 0
      while start < sent.count {
        let size = min([0, 1, 100, 5000, 70_000][pieces.count % 5], sent.count - start)
        pieces.append(Array(sent[start..<start + size]))
        start += size
      }
      try await stream.writer.write(contentsOf: pieces)
      // It was accepted whole, and the next write waits as after any other.
      #expect(stream.writer.bufferedCount > 3_500_000)
      #expect(try !stream.writer.tryWrite([1]))
      let next = StreamTestSupport.start { try await stream.writer.write([1]) }
      try await stream.writer.waiting(1)
      #expect(try await stream.peer.receive(exactly: 4_000_000) == sent)
      try await next.value
      #expect(try await stream.finish() == [1])
    }
  }

  // W11
  @Test func `a gather write with an empty piece does not keep the stream from closing`() throws {
    try onLoop {
      for pieces in [[[]], [bytes("a"), []], [[], bytes("a")]] as [[[UInt8]]] {
        let stream = try await StalledStream()
        try await stream.writer.write(contentsOf: pieces)
        #expect(try await stream.finish() == Array(pieces.joined()))
        #expect(await stream.writer.waitClosed() == .finished)
      }
    }
  }

  // W18
  @Test func `after the end was sent a write fails and what was queued still arrives`() throws {
    try onLoop {
      let stream = try await StalledStream()
      let written = try await stream.fillToPause()
      let waiting = start { try await stream.writer.write([1]) }
      try await stream.writer.waiting(1)
      try stream.writer.writeEOF()
      try stream.writer.writeEOF()
      #expect(try await StreamError.code { try await waiting.value } == .closed)
      #expect(try await StreamError.code { try await stream.writer.write([1]) } == .closed)
      #expect(try await StreamError.code { try await stream.writer.write([]) } == .closed)
      #expect(try await StreamError.code { try stream.writer.tryWrite([1]) } == .closed)
      #expect(try await stream.peer.receiveToEnd() == pattern(written))
      // Our side still reads.
      try stream.peer.send("answer\n")
      #expect(try await stream.reader.readLine() == "answer")
      stream.writer.close()
      #expect(throws: StreamError.self) { try stream.writer.writeEOF() }
      stream.peer.close()
      #expect(await stream.writer.waitClosed() == .finished)
    }
  }

  // W19
  @Test func `the end of the stream comes after the data`() throws {
    try onLoop {
      let stream = try await StalledStream()
      let sent = pattern(1_000_000)
      try await stream.writer.write(sent)
      try stream.writer.writeEOF()
      #expect(stream.writer.bufferedCount > 0)
      #expect(try await stream.peer.receiveToEnd() == sent)
      stream.writer.close()
      stream.peer.close()
      _ = await stream.writer.waitClosed()
    }
  }

  // W24
  @Test func `lines of two tasks and of two threads never mix`() throws {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(high: 100))
      let lengths = [1, 10, 99, 100, 101, 5000]
      let writing = start {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for task in 0..<4 {
            // Two on the loop, two on other threads.
            let executor: (any TaskExecutor)? =
              task.isMultiple(of: 2)
              ? EventLoop.current?.taskExecutor : EventLoop.shared.taskExecutor
            group.addTask(executorPreference: executor) {
              for index in 0..<50 {
                let length = lengths[(index + task) % lengths.count]
                try await stream.writer.write(
                  String(repeating: String(task), count: length) + "\n")
              }
            }
          }
          try await group.waitForAll()
        }
        stream.writer.close()
      }
      let lines = try await stream.peer.receiveToEnd().split(separator: 10)
      try await writing.value
      #expect(lines.count == 200)
      for line in lines {
        #expect(line.allSatisfy { $0 == line.first }, "\(Array(line).text)")
        #expect(lengths.contains(line.count))
      }
      stream.peer.close()
      _ = await stream.writer.waitClosed()
    }
  }

  // W25
  @Test func `many small writes in one turn are few system calls, in order`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (_, writer) = try await openConnection(adopting: ours)
      let before = try SystemCalls.writes()
      for index in 0..<1000 { try await writer.write(pattern(16, from: index * 16)) }
      try await writer.flush()
      let calls = try SystemCalls.writes() - before
      #expect(calls <= 4)
      #expect(try await peer.receive(exactly: 16_000) == pattern(16_000))
      writer.close()
    }
  }

  @Test func `writes from another thread arrive whole and in order`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (_, writer) = try await openConnection(adopting: ours)
      let sent = pattern(3_000_000)
      let writing = Task(executorPreference: EventLoop.shared.taskExecutor) {
        var start = 0
        for size in sequence(first: 1, next: { $0 % 9000 + 777 }) where start < sent.count {
          let end = min(start + size, sent.count)
          try await writer.write(sent[start..<end])
          start = end
          if start == sent.count { break }
        }
        try await writer.flush()
        writer.close()
      }
      #expect(try await peer.receiveToEnd() == sent)
      try await writing.value
      peer.close()
      _ = await writer.waitClosed()
    }
  }
}
