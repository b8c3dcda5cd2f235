import Fluvial
import Glibc
import StreamTestSupport
import Testing

/// A reset behind bytes that wait: the bytes, then the error, never the end.
@Suite struct ResetTests {
  /// Reads in pieces to the end or the error.
  private func drain(_ reader: StreamReader, by count: Int) async throws -> (
    got: [UInt8], end: StreamError?
  ) {
    var got: [UInt8] = []
    do {
      while let some = try await reader.read(upTo: count) { got += some }
      return (got, nil)
    } catch let error as StreamError { return (got, error) }
  }

  @Test(arguments: [1, 5000, 60_000])
  func `over TCP the bytes come, then the reset`(count: Int) throws {
    try onLoop {
      for size in [1 << 20, 777] {
        let listener = try RawListener()
        let (reader, writer) = try await openConnection(host: "127.0.0.1", port: listener.port)
        let peer = try await listener.accept()
        // Both are in the kernel before the loop turns again; a reset drops what has not crossed over yet.
        try #require(try peer.send(pattern(count)) == count)
        peer.reset()
        let (got, end) = try await drain(reader, by: size)
        let isWhole = got == pattern(count)
        #expect(isWhole, "\(got.count) came")
        #expect(end?.code == .broken)
        #expect(end?.cause == .connectionReset)
        #expect(!reader.isAtEnd)
        #expect(await writer.waitClosed() == .reset(.connectionReset))
        let again = try await StreamError.code { try await reader.read(upTo: 1) }
        #expect(again == .broken)
      }
    }
  }

  @Test func `over a unix socket a peer that leaves what we sent unread is no end`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (reader, writer) = try await openConnection(adopting: ours)
      try await writer.write("never read")
      try await writer.flush()
      try peer.send("answer")
      peer.close()
      let (got, end) = try await drain(reader, by: 3)
      #expect(got.text == "answer")
      #expect(end?.cause == .connectionReset)
      writer.close()
      _ = await writer.waitClosed()
    }
  }

  @Test func `a limit that is reached on the way holds nothing back and loses nothing`() throws {
    try onLoop {
      let listener = try RawListener()
      let (reader, writer) = try await openConnection(
        host: "127.0.0.1", port: listener.port, limit: 10)
      let peer = try await listener.accept()
      try #require(try peer.send(pattern(60_000)) == 60_000)
      try await eventually("the reader is full") { reader.bufferedCount == 60_000 }
      // These stay in the kernel.
      try #require(try peer.send(pattern(50_000, from: 60_000)) == 50_000)
      peer.reset()
      await turns(50)
      let (got, end) = try await drain(reader, by: 4096)
      let isWhole = got == pattern(110_000)
      #expect(isWhole, "\(got.count) came")
      #expect(end?.cause == .connectionReset)
      writer.close()
      _ = await writer.waitClosed()
    }
  }

  @Test func `an end that was sent is the end, with a hang-up behind it`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (reader, writer) = try await openConnection(adopting: ours)
      try peer.send("all of it")
      peer.close()
      let (got, end) = try await drain(reader, by: 100)
      #expect(got.text == "all of it")
      #expect(end == nil)
      #expect(reader.isAtEnd)
      writer.close()
      _ = await writer.waitClosed()
    }
  }

  @Test func `a writer that never waits is told that its peer has gone`() throws {
    try onLoop {
      for count in [100, 10_000, 70_000] {
        let (ours, peer) = try RawSocket.pair()
        let (_, writer) = try await openConnection(adopting: ours)
        peer.close()
        // Nothing turns in between: no await of this suspends before there is a reason.
        var written = 0
        let error = try await streamError {
          while written < 64 << 20 {
            try await writer.write([UInt8](repeating: 1, count: count))
            written += count
          }
        }
        #expect(error.code == .broken)
        #expect(error.cause == .brokenPipe)
        #expect(written <= 256 * 1024)
        #expect(try await StreamError.code { try await writer.write([]) } == .broken)
        #expect(try await StreamError.code { try await writer.flush() } == .broken)
        writer.close()
        #expect(await writer.waitClosed() == .reset(.brokenPipe))
      }
    }
  }

  @Test func `the first write that finds the peer gone refuses the next within the turn`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (_, writer) = try await openConnection(adopting: ours)
      peer.close()
      let transport = try #require(writer.transport).value
      let bytes = [UInt8](repeating: 1, count: 70_000)
      // What cannot go at once is accepted: the protocol hears of it when the turn ends.
      try transport.write(bytes)
      #expect(throws: UVError.brokenPipe) { try transport.write(bytes) }
      #expect(transport.writeBufferSize <= bytes.count)
      writer.close()
      #expect(await writer.waitClosed() == .reset(.brokenPipe))
    }
  }
}
