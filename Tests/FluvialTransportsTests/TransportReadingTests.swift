import FluvialTransports
import Glibc
import StreamTestSupport
import Testing

/// Pausing, resuming, changing the protocol, and protocols with memory of their own.
@Suite struct TransportReadingTests {
  // T07
  @Test func `pausing and resuming twice is once, and resuming alone nothing`() throws {
    try onLoop {
      let recorded = try await Recorded.connect()
      recorded.transport.resumeReading()
      recorded.transport.pauseReading()
      recorded.transport.pauseReading()
      #expect(!recorded.transport.isReading)
      try recorded.peer.send("x")
      await turns()
      #expect(recorded.proto.received.isEmpty)
      recorded.transport.resumeReading()
      recorded.transport.resumeReading()
      #expect(recorded.transport.isReading)
      try await eventually("the data is here") { recorded.proto.received == bytes("x") }
      recorded.peer.close()
      try await recorded.lost()
    }
  }

  // T08
  @Test func `a pause inside of made holds data until resume`() throws {
    try onLoop {
      let recorded = try await Recorded.connect { proto in
        proto.onMade = { transport in
          transport.pauseReading()
          transport.pauseReading()
        }
      }
      try recorded.peer.send("early")
      await turns(50)
      #expect(recorded.proto.calls == ["made"])
      recorded.transport.resumeReading()
      try await eventually("the data is here") { recorded.proto.received == bytes("early") }
      recorded.peer.close()
      try await recorded.lost()
    }
  }

  @Test func `a pause inside of data is heeded at once`() throws {
    try onLoop {
      let recorded = try await Recorded.connect()
      recorded.proto.onData = { _ in recorded.transport.pauseReading() }
      try await recorded.peer.sendAll(pattern(2_000_000 / 16))
      await turns(50)
      let first = recorded.proto.received.count
      #expect(first <= 256 * 1024)
      recorded.proto.onData = nil
      recorded.transport.resumeReading()
      try await eventually("all is here") { recorded.proto.received == pattern(125_000) }
      recorded.peer.close()
      try await recorded.lost()
      recorded.proto.onData = nil
    }
  }

  // T09
  @Test func `pausing and resuming after the end does nothing`() throws {
    try onLoop {
      let recorded = try await Recorded.connect()
      recorded.transport.close()
      recorded.transport.pauseReading()
      recorded.transport.resumeReading()
      recorded.peer.close()
      try await recorded.lost()
      recorded.transport.pauseReading()
      recorded.transport.resumeReading()
      #expect(!recorded.transport.isReading)
      #expect(recorded.proto.calls == ["made", "lost"])
    }
  }

  // T14
  @Test func `a new protocol gets the bytes that waited while paused, and all that follows`() throws
  {
    try onLoop {
      let recorded = try await Recorded.connect()
      recorded.transport.pauseReading()
      try recorded.peer.send("waiting")
      await turns()
      let next = RecordingProtocol()
      recorded.transport.setProtocol(next)
      await turns()
      #expect(next.calls.isEmpty)
      recorded.transport.resumeReading()
      try await eventually("the data is here") { next.received == bytes("waiting") }
      recorded.peer.close()
      try await eventually("the connection is lost") { next.isLost }
      #expect(next.calls == ["data", "eof", "lost"])
      #expect(recorded.proto.calls == ["made"])
    }
  }

  // T15
  @Test func `a protocol's own memory gets the bytes`() throws {
    try onLoop {
      let recorded = try await Recorded.connect()
      let buffered = BufferedProtocol(size: 1000)
      recorded.transport.setProtocol(buffered)
      try await recorded.peer.sendAll(pattern(100_000))
      try await eventually("all is here") { buffered.received.count == 100_000 }
      #expect(buffered.received == pattern(100_000))
      #expect(buffered.largest <= 1000)
      recorded.peer.close()
      try await eventually("the connection is lost") { buffered.isLost }
      #expect(buffered.lostError == nil)
    }
  }

  // T15
  @Test func `no memory at all ends the connection`() throws {
    try onLoop {
      let recorded = try await Recorded.connect()
      let buffered = BufferedProtocol(size: 0)
      recorded.transport.setProtocol(buffered)
      try recorded.peer.send("x")
      try await eventually("the connection is lost") { buffered.isLost }
      #expect(buffered.lostError as? UVError == .noBufferSpace)
    }
  }

  // T15
  @Test func `a file's bytes come into the protocol's own memory too`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let path = "/tmp/fluvial-buffered-\(getpid())-\(UInt32.random(in: 0 ... .max))"
      defer { unsafe unlink(path) }
      let sent = pattern(200_000)
      let file = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      unsafe try #require(write(file, sent, sent.count) == sent.count)
      try #require(lseek(file, 0, SEEK_SET) == 0)
      let box = try await loop.connectReadPipe(file) { BufferedProtocol(size: 1000) }
      let (transport, proto) = box.value
      try await eventually("some is here") { proto.received.count > 10_000 }
      transport.pauseReading()
      await turns(50)
      transport.resumeReading()
      try await eventually("the connection is lost") { proto.isLost }
      #expect(proto.received == sent)
      #expect(proto.lostError == nil)
    }
  }

  // T16
  @Test func `resumeWriting may write to another transport`() throws {
    try onLoop {
      let other = try await Recorded.connect()
      let recorded = try await Recorded.connect()
      recorded.proto.onResume = { try other.transport.write("resumed") }
      try recorded.transport.write(pattern(6_000_000))
      #expect(recorded.proto.calls.last == "pause")
      let received = try await recorded.peer.receive(exactly: 6_000_000)
      #expect(received == pattern(6_000_000))
      let told = try await other.peer.receive(exactly: 7)
      #expect(told == bytes("resumed"))
      for connection in [recorded, other] {
        connection.transport.abort()
        try await connection.lost()
      }
      recorded.proto.onResume = {}
    }
  }
}

/// A protocol that has its own memory.
@safe private final class BufferedProtocol: BufferedStreamProtocol {
  private let memory: UnsafeMutableBufferPointer<UInt8>
  var received: [UInt8] = []
  var largest = 0
  var isLost = false
  var lostError: (any Error)?

  init(size: Int) { unsafe memory = .allocate(capacity: size) }

  deinit { unsafe memory.deallocate() }

  func getBuffer() -> UnsafeMutableBufferPointer<UInt8> { unsafe memory }

  func bufferUpdated(_ count: Int) {
    unsafe received += memory.prefix(count)
    largest = max(largest, count)
  }

  func eofReceived() -> EOFAction { .close }

  func connectionLost(_ error: (any Error)?) {
    isLost = true
    lostError = error
  }
}
