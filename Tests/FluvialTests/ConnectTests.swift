import FluvialTransports
import StreamTestSupport
import Testing

@testable import Fluvial

/// Connecting: which address, from where, for how long, and what is left when it fails.
@Suite struct ConnectTests {
  /// A server on some of the addresses 127.0.0.x, all with one port.
  private func server(on hosts: String...) async throws -> Server {
    try await startServer(hosts: hosts, port: 0) { _, writer in
      try await writer.write(writer.localAddress?.host ?? "")
    }
  }

  private func address(_ number: String, _ port: Int) throws -> SocketAddress {
    try SocketAddress(number: number, port: port)
  }

  /// Connects by the rules for several addresses, and tells which one answered.
  private func answer(
    _ addresses: [SocketAddress], from local: SocketAddress? = nil,
    delay: Duration = .milliseconds(250)
  ) async throws -> String {
    let loop = try #require(EventLoop.current)
    let descriptor = try await loop.connectFirst(of: addresses, from: local, delay: delay).take()
    let (reader, writer) = try await openConnection(adopting: descriptor)
    let answer = try await reader.readToEnd().text
    writer.close()
    return answer
  }

  // C02, C05
  @Test func `an address that refuses costs no delay`() throws {
    try onLoop {
      let server = try await server(on: "127.0.0.3")
      let port = server.localAddresses[0].port
      let clock = try #require(EventLoop.current).clock
      let begin = clock.now
      let addresses = try ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map { try address($0, port) }
      let reached = try await answer(addresses, delay: .seconds(20))
      #expect(reached == "127.0.0.3")
      #expect(begin.duration(to: clock.now) < .seconds(10))
      await server.shutdown(grace: .seconds(1))
    }
  }

  // C03
  @Test func `when all fail every attempt's error is kept, and named`() throws {
    try onLoop {
      // Ports that are taken and not listened at refuse.
      let bound = try await startServer(
        hosts: ["127.0.0.1", "127.0.0.2"], port: 0, startServing: false
      ) { _, _ in }
      let loop = try #require(EventLoop.current)
      let addresses = bound.localAddresses
      let error = try await #require(throws: ConnectError.self) {
        _ = try await loop.connectFirst(of: addresses, from: nil, delay: .seconds(20)).take()
      }
      #expect(error.attempts.map(\.address) == addresses)
      #expect(error.attempts.allSatisfy { $0.error == .connectionRefused })
      for address in addresses { #expect(error.description.contains("\(address)")) }
      let wrapped = try await streamError {
        try await openConnection(host: "127.0.0.1", port: addresses[0].port)
      }
      #expect(wrapped.code == .connectFailed)
      #expect(wrapped.attempts.map(\.address) == [addresses[0]])
      #expect(wrapped.message.contains("127.0.0.1:\(addresses[0].port)"))
      bound.close()
    }
  }

  // C04
  @Test func `after the delay the second address is tried beside a silent first`() throws {
    try onLoop {
      let server = try await server(on: "127.0.0.1")
      let port = server.localAddresses[0].port
      let hole = try BlackHole(number: "127.0.0.2", port: port)
      let loop = try #require(EventLoop.current)
      let resources = loop.liveResourceCount
      let begin = loop.clock.now
      let reached = try await answer([
        address("127.0.0.2", hole.port), address("127.0.0.1", port),
      ])
      let took = begin.duration(to: loop.clock.now)
      #expect(reached == "127.0.0.1")
      #expect(took >= .milliseconds(250))
      #expect(took < .seconds(2))
      // The loser's watcher is gone with its descriptor.
      try await eventually("the loser is closed") { loop.liveResourceCount <= resources }
      await server.shutdown(grace: .seconds(1))
    }
  }

  // C06
  @Test func `families take turns, the first one's first, duplicates once`() throws {
    let four = try ["127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.3"].map { try address($0, 1) }
    let six = try ["::1", "::2"].map { try address($0, 1) }
    let turns = EventLoop.interleaved(six + four)
    #expect(turns.map(\.host) == ["::1", "127.0.0.1", "::2", "127.0.0.2", "127.0.0.3"])
    #expect(EventLoop.interleaved(four + six).first?.family == .v4)
    #expect(EventLoop.interleaved([]).isEmpty)
  }

  // C08
  @Test func `a local address is used, and named when it cannot be`() throws {
    try onLoop {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await writer.write(writer.remoteAddress?.host ?? "")
        _ = try await reader.readToEnd()
      }
      let port = server.localAddresses[0].port
      let local = try address("127.0.0.9", 0)
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port, from: local)
      #expect(try await reader.read(exactly: 9).text == "127.0.0.9")
      #expect(writer.localAddress?.host == "127.0.0.9")
      // Listened at, so it cannot be connected from.
      let taken = server.localAddresses[0]
      let inUse = try await streamError {
        try await openConnection(host: "127.0.0.1", port: port, from: taken)
      }
      #expect(inUse.cause == .addressInUse)
      #expect(inUse.message.contains("from \(taken)"))
      let wrong = try await streamError {
        try await openConnection(host: "127.0.0.1", port: port, from: try address("::1", 0))
      }
      #expect(wrong.code == .connectFailed)
      #expect(wrong.message.contains("[::1]:0"))
      writer.close()
      await server.shutdown(grace: .seconds(1))
    }
  }

  // C09, C10
  @Test func `hosts and ports that cannot be meant are refused`() throws {
    try onLoop {
      let bad = [
        ("", 80), ("127.0.0.1", -1), ("127.0.0.1", 65536), ("a\0b", 80),
        (String(repeating: "a", count: 254), 80),
      ]
      for (host, port) in bad {
        let code = try await StreamError.code {
          try await openConnection(host: host, port: port)
        }
        #expect(code == .invalidArgument)
      }
      let limit = try await StreamError.code {
        try await openConnection(host: "127.0.0.1", port: 80, limit: 0)
      }
      #expect(limit == .invalidArgument)
      let none = try await StreamError.code { try await openConnection(adopting: -1) }
      #expect(none == .invalidArgument)
    }
  }

  // C11
  @Test func `a timeout around a silent address comes in time`() throws {
    try onLoop {
      let hole = try BlackHole()
      let clock = try #require(EventLoop.current).clock
      let begin = clock.now
      await #expect(throws: TimeoutError.self) {
        try await withTimeout(.milliseconds(50)) {
          _ = try await openConnection(host: "127.0.0.1", port: hole.port)
        }
      }
      #expect(begin.duration(to: clock.now) < .seconds(2))
    }
  }

  // C12
  @Test func `a peer that resets at once is a failed connect or a failed read`() throws {
    try onLoop {
      let listener = try RawListener()
      for _ in 0..<5 {
        let connecting = start {
          let (reader, writer) = try await openConnection(host: "127.0.0.1", port: listener.port)
          defer { writer.close() }
          return try await reader.read(upTo: 1)
        }
        try await listener.accept().reset()
        let error = try await streamError { try await connecting.value }
        #expect(error.code == .broken || error.code == .connectFailed)
      }
    }
  }

  @Test func `a connect that is cancelled or loses leaves no descriptor`() async {
    await #expect(processExitsWith: .success) {
      try EventLoop.run {
        let hole = try BlackHole()
        let server = try await startServer(host: "127.0.0.2", port: hole.port) { _, _ in }
        let loop = try #require(EventLoop.current)
        let addresses = try ["127.0.0.1", "127.0.0.2"].map {
          try SocketAddress(number: $0, port: hole.port)
        }
        func round(_ number: Int) async throws {
          let silent = start { try await openConnection(host: "127.0.0.1", port: hole.port) }
          await turns(number % 10)
          silent.cancel()
          await #expect(throws: CancellationError.self) { _ = try await silent.value }
          // Cancelled around the moment at which it succeeds.
          let racing = start {
            OwnedDescriptor(
              try await loop.connectFirst(of: addresses, from: nil, delay: .zero).take()
            ).close()
          }
          await turns(number % 20)
          racing.cancel()
          _ = await racing.result
          try await eventually("the server's side is closed") { server.connectionCount == 0 }
        }
        let before = openSocketCount()
        for number in 0..<200 { try await round(number) }
        try await eventually("every socket is closed") { openSocketCount() == before }
      }
    }
  }
}

extension OwnedDescriptor {
  /// Lets it go.
  fileprivate consuming func close() {}
}
