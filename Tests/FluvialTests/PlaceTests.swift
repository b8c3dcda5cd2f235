import FluvialTransports
import Glibc
import StreamTestSupport
import Testing

@testable import Fluvial

/// Where handlers and bodies run, and what their sockets are set to.
@Suite struct PlaceTests {
  @Test func `handlers run on the server's loop, from the first line to the last`() throws {
    try onLoop {
      let places = Record<Bool>()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        guard let loop = writer.transport?.loop else { return }
        places.add(EventLoop.current === loop)
        _ = try await reader.read(upTo: 1)
        places.add(EventLoop.current === loop)
        await Task.yield()
        places.add(EventLoop.current === loop)
      }
      try await withConnection(host: "127.0.0.1", port: server.localAddresses[0].port) {
        reader, writer in
        try await writer.write([1])
        #expect(try await reader.read(upTo: 1) == nil)
      }
      #expect(places.all == [true, true, true])
      await server.shutdown(grace: .seconds(1))
    }
  }

  @Test func `small writes do not wait for the peer's confirmation, on either side`() throws {
    try onLoop {
      let options = Record<Int32>()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        options.add(noDelay(writer))
        _ = try await reader.readToEnd()
      }
      try await withConnection(host: "127.0.0.1", port: server.localAddresses[0].port) {
        _, writer in options.add(noDelay(writer))
      }
      #expect(options.all == [1, 1])
      await server.shutdown(grace: .seconds(1))
    }
  }

  enum SocketOption: String, Codable, CaseIterable {
    case noDelay, keepAlive, idle, interval, count, timeout

    var number: (level: Int32, name: Int32) {
      let tcp = Int32(IPPROTO_TCP)
      return switch self {
      case .noDelay: (tcp, TCP_NODELAY)
      case .keepAlive: (SOL_SOCKET, SO_KEEPALIVE)
      case .idle: (tcp, TCP_KEEPIDLE)
      case .interval: (tcp, TCP_KEEPINTVL)
      case .count: (tcp, TCP_KEEPCNT)
      case .timeout: (tcp, TCP_USER_TIMEOUT)
      }
    }
  }

  @Test(arguments: SocketOption.allCases)
  func `an option that is refused is told to who asked for it, and the connection lives`(
    option: SocketOption
  ) async {
    await #expect(processExitsWith: .success) { [option] in
      let (level, name) = option.number
      try Refusals.socketOption(level: level, name: name, error: EINVAL)
      try EventLoop.run {
        let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
          while let line = try await reader.readLine() { try await writer.writeLine(line) }
        }
        let (reader, writer) = try await openConnection(
          host: "127.0.0.1", port: server.localAddresses[0].port)
        let tcp = try #require(writer.transport?.value as? TCPTransport)
        let error = #expect(throws: UVError.self) {
          try tcp.setNoDelay(true)
          try tcp.setKeepAlive(
            idle: .seconds(10), interval: .seconds(1), count: 3, timeout: .seconds(30))
        }
        guard error == .invalidArgument else { throw TestFailure("It was not told.") }
        try await writer.writeLine("lives")
        guard try await reader.readLine() == "lives" else { throw TestFailure("It is dead.") }
        writer.close()
        await server.shutdown(grace: .seconds(1))
      }
    }
  }

  /// An actor's own state in the bodies of scopes: they run where they were called.
  private actor Tally {
    var lines: [String] = []

    func collect(from port: Int) async throws {
      try await withConnection(host: "127.0.0.1", port: port) { reader, _ in
        while let line = try await reader.readLine() { lines.append(line) }
      }
    }

    func serve() async throws -> [String] {
      try await withServer(host: "127.0.0.1", port: 0) { _, writer in
        try await writer.write("one\ntwo\n")
      } _: { server in
        try await collect(from: server.localAddresses[0].port)
        return lines
      }
    }
  }

  @Test func `the body of a scope may use what its actor owns`() throws {
    let lines = try onLoop { try await Tally().serve() }
    #expect(lines == ["one", "two"])
  }
}

private func noDelay(_ writer: StreamWriter) -> Int32 {
  guard let tcp = writer.transport?.value as? TCPTransport, let descriptor = tcp.descriptor else {
    return -1
  }
  var value: Int32 = -1
  var size = socklen_t(MemoryLayout<Int32>.size)
  return unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &size) == 0
    ? value : -1
}
