import StreamTestSupport
import Testing

@testable import Fluvial

/// Writes that are cancelled, refused or broken.
@Suite struct WriterEndTests {
  @Test func `a cancelled write sends nothing, and the stream goes on`() throws {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(high: 1000))
      let written = try await stream.fillToPause()
      let doomed = start { try await stream.writer.write("never") }
      try await stream.writer.waiting(1)
      let kept = start { try await stream.writer.write("always") }
      try await stream.writer.waiting(2)
      doomed.cancel()
      await #expect(throws: CancellationError.self) { try await doomed.value }
      #expect(stream.writer.waitingWrites() == 1)
      let got = try await stream.peer.receive(exactly: written + 6)
      #expect(Array(got[written...]).text == "always")
      try await kept.value
      #expect(try await stream.finish().isEmpty)
    }
  }

  @Test func `a write that need not wait is accepted although its task is cancelled`() throws {
    try onLoop {
      let stream = try await StalledStream()
      let task = start {
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        try await stream.writer.write("all the same")
      }
      try await task.value
      #expect(try await stream.finish().text == "all the same")
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `of many writes with timeouts the peer gets exactly those that succeeded`(
    seed: UInt64
  ) throws {
    let (threw, succeeded) = try onLoop(within: .seconds(60), shuffledBy: seed) {
      let stream = try await StalledStream(limits: WriteBufferLimits(low: 500, high: 2000))
      var (threw, succeeded) = (0, 0)
      var expected: [UInt8] = []
      var got: [UInt8] = []
      var number = 0
      while threw < 100 || succeeded < 100 {
        number += 1
        guard number < 100_000 else { throw TestFailure("\(threw) threw, \(succeeded) not.") }
        let message = bytes("<\(number):") + pattern(number % 700) + bytes(">")
        let task = start { try await stream.writer.write(message) }
        // The peer takes a little now and then, so that some get room while they wait.
        if number.isMultiple(of: 3) {
          if let some = try stream.peer.receive(upTo: 1500) { got += some }
          await turns(3)
        } else {
          await turns(number % 3)
        }
        task.cancel()
        switch await task.result {
        case .success:
          succeeded += 1
          expected += message
        case .failure(let error):
          #expect(error is CancellationError)
          threw += 1
        }
      }
      got += try await stream.finish()
      #expect(got == expected)
      return (threw, succeeded)
    }
    #expect(threw >= 100 && succeeded >= 100)
  }

  @Test func `own close wakes writers that wait with closed, and delivers what was accepted`()
    throws
  {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(high: 1000))
      let written = try await stream.fillToPause()
      let waiting = start { try await stream.writer.write("never") }
      try await stream.writer.waiting(1)
      let flushing = start { try await stream.writer.flush() }
      await turns()
      stream.writer.close()
      #expect(try await StreamError.code { try await waiting.value } == .closed)
      #expect(try await StreamError.code { try await stream.writer.write([1]) } == .closed)
      #expect(try await stream.finish() == pattern(written))
      try await flushing.value
    }
  }

  @Test func `an abort makes everybody who waits throw, and never tells of a success`() throws {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(high: 1000))
      _ = try await stream.fillToPause()
      var waiting: [Task<Void, any Error>] = []
      for index in 0..<5 {
        waiting.append(start { try await stream.writer.write([1]) })
        try await stream.writer.waiting(index + 1)
      }
      waiting.append(start { try await stream.writer.flush() })
      waiting.append(start { try await stream.writer.drain() })
      try await stream.writer.waiting(6)
      stream.writer.abort()
      for task in waiting {
        #expect(try await StreamError.code { try await task.value } == .closed)
      }
      #expect(try await StreamError.code { try await stream.writer.flush() } == .closed)
      #expect(await stream.writer.waitClosed() == .aborted(nil))
      stream.peer.close()
    }
  }

  // X09
  @Test func `a broken stream stays broken for every later send`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (_, writer) = try await openConnection(adopting: ours)
      peer.close()
      var codes: [StreamError.Code] = []
      while codes.count < 5 {
        do { try await writer.write(pattern(1000)) } catch let error as StreamError {
          codes.append(error.code)
        }
        await Task.yield()
      }
      #expect(codes == [.broken, .broken, .broken, .broken, .broken])
      #expect(try await StreamError.code { try await writer.write([]) } == .broken)
      #expect(try await StreamError.code { try writer.tryWrite([1]) } == .broken)
      #expect(try await StreamError.code { try await writer.flush() } == .broken)
    }
  }

  @Test func `writers that wait learn that the peer has gone`() throws {
    try onLoop {
      let stream = try await StalledStream(limits: WriteBufferLimits(high: 1000))
      _ = try await stream.fillToPause()
      let write = start { try await stream.writer.write([1]) }
      try await stream.writer.waiting(1)
      let flush = start { try await stream.writer.flush() }
      await turns()
      stream.peer.close()
      #expect(try await StreamError.code { try await write.value } == .broken)
      #expect(try await StreamError.code { try await flush.value } == .broken)
    }
  }

  @Test func `after own close a write is refused as closed, also when an error follows`() throws {
    try onLoop {
      for endsOnly in [false, true] {
        let stream = try await StalledStream(limits: WriteBufferLimits(high: 1000))
        _ = try await stream.fillToPause()
        if endsOnly { try stream.writer.writeEOF() } else { stream.writer.close() }
        stream.peer.close()
        guard case .reset = await stream.writer.waitClosed() else {
          throw TestFailure("What was not delivered is no clean end.")
        }
        #expect(try await StreamError.code { try await stream.writer.write([1]) } == .closed)
        #expect(try await StreamError.code { try stream.writer.tryWrite([]) } == .closed)
      }
    }
  }

  @Test func `a peer's answer is read although writing to it has failed`() throws {
    try onLoop {
      let listener = try RawListener()
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: listener.port)
      let peer = try await listener.accept()
      // The peer refuses the request before it has read it, and goes.
      try await writer.write(pattern(1000))
      try await writer.flush()
      try peer.send("413 too large\n")
      peer.close()
      // A write finds out first; the loop has not turned since.
      try await eventually("the write fails") {
        do { return try !writer.tryWrite(pattern(20_000)) } catch { return true }
      }
      #expect(try await reader.readLine() == "413 too large")
      #expect(try await StreamError.code { try await reader.readLine() } == .broken)
      #expect(try await StreamError.code { try await writer.write([1]) } == .broken)
    }
  }
}
