import FluvialTransports
import Testing

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
