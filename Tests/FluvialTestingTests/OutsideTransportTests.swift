import Fluvial
import FluvialTesting
import StreamTestSupport
import Testing

/// Reader and writer over a transport that was made outside of the package.
@Suite struct OutsideTransportTests {
  @Test func `what is written goes through the transport, and comes out`() throws {
    try onLoop {
      let (ends, cipher) = try await cipherPair()
      let sent = pattern(4_000_000)
      let writing = start {
        try await ends.near.1.write(sent)
        try await ends.near.1.flush()
        #expect(ends.near.1.bufferedCount == 0)
        #expect(cipher.value.writeBufferSize == 0)
        ends.near.1.close()
        return await ends.near.1.waitClosed()
      }
      let got = try await ends.far.0.readToEnd()
      #expect(got == sent)
      ends.far.1.close()
      #expect(try await writing.value == .finished)
      #expect(ends.near.1.remoteAddress?.host == "127.0.0.1")
    }
  }

  @Test func `nothing piles up in the transport while the peer does not read`() throws {
    try onLoop {
      let (ends, cipher) = try await cipherPair()
      let writer = ends.near.1
      var refused = 0
      while refused < 100 {
        refused = try writer.tryWrite(pattern(10_000)) ? 0 : refused + 1
        await Task.yield()
      }
      #expect(writer.bufferedCount <= writer.bufferLimits.high + 10_000)
      #expect(cipher.value.writeBufferSize <= 64 * 1024)
      let flush = start { try await writer.flush() }
      await turns()
      flush.cancel()
      await #expect(throws: CancellationError.self) { try await flush.value }
      writer.abort()
      #expect(try await StreamError.code { try await writer.write([1]) } == .closed)
      #expect(await writer.waitClosed() == .aborted(nil))
      ends.far.1.abort()
      _ = await ends.far.1.waitClosed()
    }
  }

  @Test func `what the transport holds counts as waiting, and it gets one piece at a time`() throws
  {
    try onLoop {
      let (_, writer, transport) = try holdingStreams()
      writer.bufferLimits = try WriteBufferLimits(low: 1000, high: 4000)
      try await writer.write(pattern(3000))
      try await eventually("the first piece is there") { transport.value.held.count == 3000 }
      #expect(writer.bufferedCount == 3000)
      try await writer.write(pattern(3000, from: 3000))
      await turns()
      #expect(transport.value.held.count == 3000)
      #expect(writer.bufferedCount == 6000)
      #expect(try !writer.tryWrite([1]))
      let isIn = Flag()
      let waiting = start {
        try await writer.write(pattern(3000, from: 6000))
        isIn.raise()
      }
      await turns()
      // As long as it has a byte of a piece it gets no other.
      try transport.value.release(2999)
      await turns()
      #expect(transport.value.held.count == 1)
      #expect(writer.bufferedCount == 6000)
      try transport.value.release(1)
      await turns()
      // Below the high mark and above the low one: still no room.
      #expect(transport.value.held.count == 3000)
      #expect(writer.bufferedCount == 3000)
      #expect(!isIn.isRaised)
      #expect(try !writer.tryWrite([1]))
      try transport.value.release(3000)
      try await waiting.value
      let isFlushed = Flag()
      let flush = start {
        try await writer.flush()
        isFlushed.raise()
      }
      await turns()
      try transport.value.release(2999)
      await turns()
      #expect(!isFlushed.isRaised)
      try transport.value.release(1)
      try await flush.value
      #expect(writer.bufferedCount == 0)
      #expect(transport.value.taken == pattern(9000))
      writer.close()
      #expect(await writer.waitClosed() == .finished)
    }
  }

  @Test func `streams that are made before the connection work once it is there`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let core = try StreamReaderProtocol(loop: loop)
      let (reader, writer) = core.makeStreams()
      let reading = start { try await reader.readLine() }
      #expect(try await StreamError.code { try await writer.write([1]) } == .closed)
      #expect(try await StreamError.code { try await writer.flush() } == .closed)
      #expect(throws: StreamError.self) { try writer.writeEOF() }
      let transport = HoldingTransport(core, on: loop)
      try transport.connect()
      writer.bufferLimits = try WriteBufferLimits(low: 1, high: 4)
      try await writer.write("hello")
      #expect(try !writer.tryWrite([1]))
      #expect(writer.bufferedCount == 5)
      let waiting = start {
        try await writer.writeLine(" there")
        try await writer.flush()
      }
      try await eventually("the first piece is there") { transport.held.count == 5 }
      try transport.release(5)
      try await eventually("the second piece is there") { transport.held.count == 7 }
      try transport.release(7)
      try await waiting.value
      #expect(transport.taken == bytes("hello there\n"))
      core.dataReceived(bytes("hi\n").span)
      #expect(try await reading.value == "hi")
      try writer.writeEOF()
      try await eventually("the end is there") { transport.hasEnded }
      writer.close()
      #expect(await writer.waitClosed() == .finished)
      #expect(try await StreamError.code { try await writer.write([1]) } == .closed)
    }
  }

  @Test func `over a transport of the package too`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let listener = try RawListener()
      let core = try StreamReaderProtocol(loop: loop)
      let (reader, writer) = core.makeStreams()
      let address = try SocketAddress(number: "127.0.0.1", port: listener.port)
      _ = try await loop.createConnection(to: address) { core }
      let peer = try await listener.accept()
      try await writer.write("hello")
      #expect(try await peer.receive(exactly: 5) == bytes("hello"))
      try peer.send("hi\n")
      #expect(try await reader.readLine() == "hi")
      writer.abort()
      #expect(await writer.waitClosed() == .aborted(nil))
    }
  }

  @Test(arguments: [false, true])
  func `streams that end before the connection end it when it comes`(aborting: Bool) throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let core = try StreamReaderProtocol(loop: loop)
      let writer = core.makeStreams().writer
      if aborting { writer.abort() } else { writer.close() }
      let transport = HoldingTransport(core, on: loop)
      try transport.connect()
      #expect(await writer.waitClosed() == (aborting ? .aborted(nil) : .finished))
      #expect(transport.isClosing)
      #expect(transport.wasAborted == aborting)
    }
  }

  @Test func `a graceful close ends at its linger time when the peer never reads`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let (ends, _) = try await cipherPair()
      let writer = ends.near.1
      try await writer.write(pattern(30_000_000))
      writer.close()
      let closed = start { await writer.waitClosed() }
      await turns(50)
      loop.advanceClock(by: .seconds(29))
      await turns(50)
      #expect(try await StreamError.code { try await writer.write([]) } == .closed)
      loop.advanceClock(by: .seconds(2))
      #expect(try await closed.value == .aborted(.timedOut))
      ends.far.1.abort()
      _ = await ends.far.1.waitClosed()
    }
  }

  @Test func `a peer that resets breaks the writer for ever`() throws {
    try onLoop {
      let (ends, _) = try await cipherPair()
      ends.far.1.abort()
      let error = try await streamError {
        while true {
          try await ends.near.1.write(pattern(10_000))
          await Task.yield()
        }
      }
      #expect(error.code == .broken)
      #expect(try await StreamError.code { try await ends.near.1.write([]) } == .broken)
      ends.near.1.close()
      _ = await ends.near.1.waitClosed()
    }
  }
}
