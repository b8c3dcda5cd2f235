import Dispatch
import Glibc
import StreamTestSupport
import Testing

@testable import Fluvial

/// What a graceful close delivers, and what it says when it could not.
@Suite struct DeliveryTests {
  private static let size = 4_000_000

  // X16
  @Test(arguments: Transport.allCases)
  func `four million bytes arrive at a reader that begins after the body has returned`(
    transport: Transport
  ) throws {
    let got = Record<[UInt8]>()
    try onLoop {
      let (near, peer) = try await transport.connect()
      // Input that nobody reads: closing over it at once would reset what we sent.
      try await eventually("unread input is sent") { try peer.send(pattern(1000)) > 0 }
      try await eventually("unread input has come") { near.reader.bufferedCount > 0 }
      let isRead = Flag()
      DispatchQueue(label: "peer").async {
        while !near.writer.isClosing { sched_yield() }
        if let all = try? peer.receiveToEndBlocking() { got.add(all) }
        peer.close()
        isRead.raise()
      }
      // As `withConnection` does, over each kind of transport.
      try await closing(near.reader, near.writer) { _, writer in
        try await writer.write(pattern(Self.size))
      }
      try await eventually("the peer has read") { isRead.isRaised }
    }
    #expect(got.all == [pattern(Self.size)])
  }

  // X16
  @Test func `what withConnection's body wrote arrives, although nobody read before it returned`()
    throws
  {
    let got = Record<[UInt8]>()
    try onLoop {
      let listener = try RawListener()
      let writers = Record<StreamWriter>()
      let isRead = Flag()
      let accepting = start {
        let peer = try await listener.accept()
        try peer.send(pattern(1000))
        DispatchQueue(label: "peer").async {
          while writers.all.first?.isClosing != true { sched_yield() }
          if let all = try? peer.receiveToEndBlocking() { got.add(all) }
          peer.close()
          isRead.raise()
        }
      }
      let value = try await withConnection(host: "127.0.0.1", port: listener.port) {
        reader, writer in
        try await eventually("unread input has come") { reader.bufferedCount > 0 }
        try await writer.write(pattern(Self.size))
        writers.add(writer)
        return 7
      }
      #expect(value == 7)
      try await accepting.value
      try await eventually("the peer has read") { isRead.isRaised }
    }
    #expect(got.all == [pattern(Self.size)])
  }

  @Test(arguments: [false, true])
  func `bytes that the peer's kernel never got are an error`(peerEndsFirst: Bool) throws {
    try onLoop {
      let listener = try RawListener(buffer: 4096)
      let accepting = start { try await listener.accept() }
      async let failure = streamError {
        try await withConnection(host: "127.0.0.1", port: listener.port) { reader, writer in
          if peerEndsFirst { #expect(try await reader.read(upTo: 1) == nil) }
          try await writer.write(pattern(300_000))
          // All of it fits into our own kernel, or waits for it.
        }
      }
      let peer = try await accepting.value
      if peerEndsFirst { peer.endSending() }
      await turns(100)
      peer.reset()
      #expect(try await failure.code == .broken)
    }
  }

  @Test func `a peer that does not read is given up after the linger time`() throws {
    try onLoop {
      let stream = try await StalledStream()
      try await stream.writer.write(pattern(100_000))
      stream.writer.setLingerTime(.milliseconds(20))
      let clock = ContinuousClock()
      let begin = clock.now
      stream.writer.close()
      #expect(await stream.writer.waitClosed() == .aborted(.timedOut))
      let took = begin.duration(to: clock.now)
      #expect(took >= .milliseconds(20))
      #expect(took < .seconds(5))
      stream.peer.close()
    }
  }

  // X15
  @Test func `a body that throws aborts at once`() throws {
    struct Failure: Error {}
    try onLoop {
      let listener = try RawListener(buffer: 4096)
      let accepting = start { try await listener.accept() }
      let begin = ContinuousClock.now
      await #expect(throws: Failure.self) {
        try await withConnection(host: "127.0.0.1", port: listener.port) { _, writer in
          try await writer.write(pattern(3_000_000))
          throw Failure()
        }
      }
      #expect(begin.duration(to: .now) < .seconds(5))
      let peer = try await accepting.value
      await #expect(throws: (any Error).self) {
        let got = try await peer.receiveToEnd()
        if got.count < 3_000_000 { throw TestFailure("It was cut short.") }
      }
    }
  }

  // X15
  @Test func `a cancelled body aborts, although it returns a value`() throws {
    try onLoop {
      let listener = try RawListener(buffer: 4096)
      let accepting = start { try await listener.accept() }
      let isInside = Flag()
      let task = start {
        try await withConnection(host: "127.0.0.1", port: listener.port) { reader, writer in
          try await writer.write(pattern(3_000_000))
          isInside.raise()
          return try? await reader.read(upTo: 1)
        }
      }
      try await eventually("the body runs") { isInside.isRaised }
      await turns()
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      _ = try await accepting.value
    }
  }

  // X15
  @Test func `cancelled while it closes, the scope gives up at once`() throws {
    try onLoop {
      let listener = try RawListener(buffer: 4096)
      let accepting = start { try await listener.accept() }
      let isDone = Flag()
      let task = start {
        try await withConnection(host: "127.0.0.1", port: listener.port) { _, writer in
          try await writer.write(pattern(3_000_000))
          isDone.raise()
        }
      }
      try await eventually("the body is done") { isDone.isRaised }
      await turns()
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      _ = try await accepting.value
    }
  }

  /// The kinds of connection that may still have unread input when they close.
  enum Transport: CaseIterable, Sendable {
    case v4
    case v6
    case unix

    func connect() async throws -> (near: (reader: StreamReader, writer: StreamWriter), RawSocket) {
      if self == .unix {
        let (ours, peer) = try RawSocket.pair()
        return (try await openConnection(adopting: ours), peer)
      }
      let listener = try RawListener(v6: self == .v6, buffer: 16_384)
      let host = self == .v6 ? "::1" : "127.0.0.1"
      let near = try await openConnection(host: host, port: listener.port)
      return (near, try await listener.accept())
    }
  }
}
