import FluvialTransports
import StreamTestSupport
import Testing

/// How connections end: close, abort, the peer's end, and what the protocol hears of it.
@Suite struct TransportEndTests {
  // T02
  @Test func `made comes before the connection is handed out, and before any data`() throws {
    try onLoop {
      let recorded = try await Recorded.connect()
      #expect(recorded.proto.calls == ["made"])
      try recorded.peer.send("x")
      try await eventually("the data is here") { !recorded.proto.received.isEmpty }
      #expect(recorded.proto.calls == ["made", "data"])
      recorded.peer.close()
      try await recorded.lost()
      #expect(recorded.proto.calls == ["made", "data", "eof", "lost"])
    }
  }

  // T03
  @Test func `lost is never called from inside close or abort`() throws {
    try onLoop {
      let endings: [(any Transport) -> Void] = [{ $0.close() }, { $0.abort() }]
      for end in endings {
        let recorded = try await Recorded.connect()
        end(recorded.transport)
        #expect(recorded.transport.isClosing)
        #expect(recorded.proto.calls == ["made"])
        recorded.peer.close()
        try await recorded.lost()
        #expect(recorded.proto.lostError == nil)
      }
    }
  }

  // T04
  @Test func `close delivers what was written, then comes lost without an error`() throws {
    try onLoop {
      let empty = try await Recorded.connect()
      empty.transport.close()
      #expect(try await empty.peer.receiveToEnd().isEmpty)
      empty.peer.close()
      try await empty.lost()
      #expect(empty.proto.lostError == nil)

      let recorded = try await Recorded.connect()
      let sent = pattern(4_000_000)
      try recorded.transport.write(sent)
      recorded.transport.close()
      await turns()
      #expect(!recorded.proto.isLost)
      let received = try await recorded.peer.receiveToEnd()
      #expect(received == sent)
      recorded.peer.close()
      try await recorded.lost()
      #expect(recorded.proto.lostError == nil)
    }
  }

  // T05
  @Test func `abort drops what was not sent, and the peer sees a reset`() throws {
    try onLoop {
      let recorded = try await Recorded.connect()
      let sent = pattern(8_000_000)
      try recorded.transport.write(sent)
      await turns()
      recorded.transport.abort()
      try await recorded.lost()
      #expect(recorded.proto.count(of: "lost") == 1)
      #expect(recorded.proto.lostError == nil)
      do {
        let received = try await recorded.peer.receiveToEnd()
        #expect(received.count < sent.count)
      } catch { #expect(error as? UVError == .connectionReset) }
    }
  }

  // T06
  @Test func `any number of closes and aborts make one lost`() throws {
    try onLoop {
      let recorded = try await Recorded.connect()
      for _ in 0..<2 { recorded.transport.close() }
      for _ in 0..<2 { recorded.transport.abort() }
      recorded.transport.close()
      try await recorded.lost()
      recorded.transport.close()
      recorded.transport.abort()
      await turns()
      #expect(recorded.proto.count(of: "lost") == 1)
    }
  }

  // T10
  @Test func `the protocol decides whether the peer's end is ours`() throws {
    try onLoop {
      let closing = try await Recorded.connect()
      closing.peer.endSending()
      try await closing.lost()
      #expect(closing.proto.lostError == nil)

      let open = try await Recorded.connect { $0.onEOF = { .keepOpen } }
      open.peer.endSending()
      try await eventually("the end is here") { open.proto.calls.last == "eof" }
      #expect(!open.transport.isClosing)
      #expect(!open.transport.isReading)
      try open.transport.write("still here")
      open.transport.close()
      #expect(try await open.peer.receiveToEnd() == bytes("still here"))
      try await open.lost()
    }
  }

  // T12
  @Test func `a callback that throws ends its connection with that error`() throws {
    typealias Refusal = RecordingProtocol.Refusal
    try onLoop {
      let made = try await Recorded.connect { $0.onMade = { _ in throw Refusal() } }
      made.transport.close()
      try await made.lost()
      #expect(made.proto.lostError is Refusal)

      let data = try await Recorded.connect { $0.onData = { _ in throw Refusal() } }
      try data.peer.send("x")
      try await data.lost()
      #expect(data.proto.lostError is Refusal)

      let end = try await Recorded.connect { $0.onEOF = { throw Refusal() } }
      end.peer.endSending()
      try await end.lost()
      #expect(end.proto.lostError is Refusal)

      let pause = try await Recorded.connect { $0.onPause = { throw Refusal() } }
      try pause.transport.write([UInt8](repeating: 1, count: 8_000_000))
      try await pause.lost()
      #expect(pause.proto.lostError is Refusal)

      let resume = try await Recorded.connect { $0.onResume = { throw Refusal() } }
      try resume.transport.write([UInt8](repeating: 1, count: 8_000_000))
      _ = try? await resume.peer.receiveToEnd()
      try await resume.lost()
      #expect(resume.proto.lostError is Refusal)
      #expect(resume.proto.count(of: "lost") == 1)
    }
  }

  // T13
  @Test func `abort and close inside of made are taken at their word`() throws {
    try onLoop {
      let aborted = try await Recorded.connect { $0.onMade = { $0.abort() } }
      try await aborted.lost()
      #expect(aborted.proto.calls == ["made", "lost"])
      #expect(aborted.proto.lostError == nil)
      let closed = try await Recorded.connect { $0.onMade = { $0.close() } }
      closed.peer.close()
      try await closed.lost()
      #expect(closed.proto.calls == ["made", "lost"])
    }
  }

  // T17
  @Test func `nothing is reported while the kernel has no room and no data`() throws {
    try onLoop {
      let recorded = try await Recorded.connect()
      let sent = [UInt8](repeating: 7, count: 16_000_000)
      try recorded.transport.write(sent)
      await turns(100)
      #expect(!recorded.proto.isLost)
      #expect(recorded.transport.writeBufferSize > 0)
      let received = try await recorded.peer.receive(exactly: sent.count)
      #expect(received == sent)
      recorded.transport.abort()
      try await recorded.lost()
    }
  }

  // T18
  @Test func `addresses and descriptor are told, and asking after the end is harmless`() throws {
    try onLoop {
      let recorded = try await Recorded.connect()
      let stream = try #require(recorded.transport as? TCPTransport)
      #expect((stream.descriptor ?? -1) >= 0)
      let remote = try #require(stream.remoteAddress)
      #expect(remote.host == "127.0.0.1")
      recorded.transport.abort()
      try await recorded.lost()
      #expect(stream.remoteAddress == remote)
      // Was never asked before.
      #expect(stream.localAddress == nil)
      #expect(stream.descriptor == nil)
      #expect(throws: UVError.notConnected) { try stream.setNoDelay(true) }
      #expect(throws: UVError.notConnected) { try stream.write("x") }
      #expect(throws: UVError.notConnected) { try stream.writeEOF() }
      #expect(stream.writeBufferSize == 0)
    }
  }
}
