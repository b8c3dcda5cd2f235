import StreamTestSupport
import Testing

@testable import FluvialTransports

@Suite struct ConnectingTests {
  private final class Silent: StreamProtocol {}

  @Test func `a refused connection is told as refused`() throws {
    let error = try EventLoop.run { () async throws -> UVError? in
      let loop = try #require(EventLoop.current)
      let anyPort = try SocketAddress(number: "127.0.0.1", port: 0)
      let listener = try await loop.createServer(on: anyPort) { Silent() }
      let address = listener.value.address
      listener.value.close()
      do {
        _ = try await loop.createConnection(to: address) { Silent() }
        return nil
      } catch let error as ConnectError { return error.attempts.first?.error }
    }
    #expect(error == .connectionRefused)
  }
}

/// Readiness that is told once.
@Suite struct PollOnceTests {
  @Test func `a connection that is ready is told once, however long nobody closes the watch`()
    throws
  {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let (ours, peer) = try RawSocket.pair()
      let socket = RawSocket(ours)
      let told = Flag()
      let watch = try PollHandle(descriptor: socket.descriptor, on: loop) { _ in told.raise() }
      try watch.startOnceWritable()
      try await eventually("it is ready") { told.isRaised }
      await turns(50)
      #expect(told.count == 1)
      watch.close()
      peer.close()
    }
  }
}
