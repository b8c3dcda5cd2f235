import FluvialTransports
import StreamTestSupport
import Testing

/// Names, numbers, and what must not reach the resolver.
@Suite struct ResolvingTests {
  @Test func `a number is its own address, with its port`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let v4 = try await loop.resolve(host: "127.0.0.1", port: 80)
      #expect(v4.map(\.description) == ["127.0.0.1:80"])
      let v6 = try await loop.resolve(host: "::1", port: 65535)
      #expect(v6.map(\.description) == ["[::1]:65535"])
      let name = try await loop.resolve(host: "localhost", port: 7)
      #expect(!name.isEmpty)
      #expect(name.allSatisfy { $0.port == 7 })
    }
  }

  // C10
  @Test func `ports and names that are out of range are refused and named`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let bad = [
        ("localhost", -1), ("localhost", 65536), ("", 80), ("local\0host", 80),
        (String(repeating: "a", count: 254), 80),
      ]
      for (host, port) in bad {
        let error = await #expect(throws: UVError.self) {
          try await loop.resolve(host: host, port: port)
        }
        #expect(error == .invalidArgument)
        #expect(error?.context.isEmpty == false)
      }
    }
  }

  // P12
  @Test func `lookups may be cancelled while they are under way`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let lookups = (0..<200).map { _ in
        start { try await loop.resolve(host: "localhost", port: 80) }
      }
      for (number, lookup) in lookups.enumerated() where number % 3 > 0 {
        if number % 3 == 2 { await Task.yield() }
        lookup.cancel()
      }
      for lookup in lookups {
        // An answer that was there already is as good.
        do { #expect(try await !lookup.value.isEmpty) } catch {
          #expect(error is CancellationError)
        }
      }
    }
  }

  // P12
  @Test func `a loop may end while lookups are under way`() throws {
    for _ in 0..<20 {
      let lookups = try EventLoop.run {
        let loop = try #require(EventLoop.current)
        let lookups = (0..<20).map { _ in
          start { try await loop.resolve(host: "localhost", port: 80) }
        }
        await turns(2)
        return lookups
      }
      try onLoop {
        for lookup in lookups {
          do { #expect(try await !lookup.value.isEmpty) } catch {
            #expect(error as? UVError == .canceled)
          }
        }
      }
    }
  }

  // U06
  @Test func `a unix path that is too long, empty or holds a NUL is refused`() throws {
    #expect(throws: UVError.nameTooLong) {
      try SocketAddress(unixPath: "/" + String(repeating: "a", count: 107))
    }
    #expect(throws: UVError.nameTooLong) {
      try SocketAddress(unixPath: "/" + String(repeating: "ü", count: 54))
    }
    let longest = try SocketAddress(unixPath: "/" + String(repeating: "a", count: 106))
    #expect(longest.host.utf8.count == 107)
    for path in ["", "\0", "/a\0b", "\0a\0"] {
      #expect(throws: UVError.invalidArgument) { try SocketAddress(unixPath: path) }
    }
    #expect(throws: UVError.invalidArgument) { try SocketAddress(number: "127.0.0.1", port: 65536) }
    #expect(throws: UVError.invalidArgument) { try SocketAddress(number: "127.0.0", port: 1) }
    #expect(throws: UVError.invalidArgument) { try SocketAddress(number: "127.0.0.1\0", port: 1) }
  }
}
