import StreamTestSupport
import Testing

@testable import FluvialTransports

/// Several loops as one thing: how they start, are handed out, listen and end.
@Suite struct EventLoopGroupTests {
  @Test func `each loop runs on a thread of its own`() throws {
    try onLoop {
      let group = try EventLoopGroup(loops: 3)
      for (place, loop) in group.loops.enumerated() {
        #expect(await loop.onLoop { _ in group.indexOfCurrentLoop } == place)
        #expect(await loop.onLoop { _ in EventLoop.current?.isCurrent } == true)
      }
      #expect(group.indexOfCurrentLoop == nil)
      await group.shutdown()
    }
  }

  @Test func `loops are handed out in turn`() throws {
    try onLoop {
      let group = try EventLoopGroup(loops: 3)
      let places = (0..<7).map { _ in
        let loop = group.next()
        return group.loops.firstIndex { $0 === loop }
      }
      #expect(places == [0, 1, 2, 0, 1, 2, 0])
      await group.shutdown()
    }
  }

  @Test(arguments: [0, -1])
  func `a group without loops is refused`(count: Int) {
    let error = #expect(throws: UVError.self) { _ = try EventLoopGroup(loops: count) }
    #expect(error == .invalidArgument)
  }

  @Test func `everybody who shuts a group down waits for its end`() throws {
    try onLoop {
      let group = try EventLoopGroup(loops: 2)
      let first = start { await group.shutdown() }
      let second = start { await group.shutdown() }
      try await first.value
      #expect(group.loops.map(\.isEnding) == [true, true])
      try await second.value
      await group.shutdown()
    }
  }

  @Test func `a group that was shut down or let go of leaves no descriptor and no object`() async {
    await #expect(processExitsWith: .success) {
      func round() async throws {
        let group = try EventLoopGroup(loops: 3)
        let address = try SocketAddress(number: "127.0.0.1", port: 0)
        _ = try await group.createServer(on: address) { RecordingProtocol() }
        await group.shutdown()
        _ = try EventLoopGroup(loops: 2)
      }
      try await round()
      let deadline = ContinuousClock.now + .seconds(30)
      // The loops of the group that was let go of end by themselves.
      while LiveObjects.count > 0, ContinuousClock.now < deadline { await Task.yield() }
      let descriptors = openDescriptorCount()
      for _ in 0..<5 { try await round() }
      while LiveObjects.count > 0 || openDescriptorCount() > descriptors,
        ContinuousClock.now < deadline
      { await Task.yield() }
      #expect(LiveObjects.count == 0)
      #expect(openDescriptorCount() <= descriptors)
    }
  }

  // MARK: Listening

  /// Says on which loop of the group it is.
  private final class PlaceProtocol: StreamProtocol {
    let group: EventLoopGroup

    init(_ group: EventLoopGroup) { self.group = group }

    func connectionMade(_ transport: any Transport) throws {
      try transport.write([UInt8(group.indexOfCurrentLoop ?? 255)])
    }
  }

  private func places(of clients: [RawSocket]) async throws -> [Int] {
    var places: [Int] = []
    for client in clients { places.append(Int(try await client.receive(exactly: 1)[0])) }
    return places
  }

  @Test func `all loops listen at one port, and none has many more connections`() throws {
    try onLoop {
      let group = try EventLoopGroup(loops: 3)
      let address = try SocketAddress(number: "127.0.0.1", port: 0)
      let listener = try await group.createServer(on: address) { PlaceProtocol(group) }
      #expect(listener.address.port > 0)
      let clients = try (0..<60).map { _ in try RawSocket.connect(port: listener.address.port) }
      let places = try await places(of: clients)
      let counts = (0..<3).map { place in places.count { $0 == place } }
      #expect(counts.reduce(0, +) == 60)
      // An eighth more than the least, and one a loop that was on its way.
      #expect(try #require(counts.max()) - #require(counts.min()) <= 8, "\(counts)")
      listener.close()
      await group.shutdown()
    }
  }

  @Test func `one loop accepts at a unix socket and gives the others their share`() throws {
    try onLoop {
      let group = try EventLoopGroup(loops: 4)
      let path = "\0fluvial.group.\(UInt64.random(in: 0 ... .max))"
      let address = try SocketAddress(unixPath: path)
      let listener = try await group.createServer(on: address) { PlaceProtocol(group) }
      var clients: [LoopBound<(transport: any Transport, protocol: RecordingProtocol)>] = []
      let loop = try #require(EventLoop.current)
      for _ in 0..<40 {
        clients.append(try await loop.createConnection(to: address) { RecordingProtocol() })
      }
      try await eventually("everybody is told its loop") {
        clients.allSatisfy { $0.value.protocol.received.count == 1 }
      }
      let places = clients.map { Int($0.value.protocol.received[0]) }
      let counts = (0..<4).map { place in places.count { $0 == place } }
      #expect(try #require(counts.max()) - #require(counts.min()) <= 6, "\(counts)")
      for client in clients { client.value.transport.abort() }
      listener.close()
      await group.shutdown()
    }
  }

  @Test func `a port where somebody listens is refused, and no loop keeps a socket`() throws {
    try onLoop {
      let group = try EventLoopGroup(loops: 3)
      let loop = try #require(EventLoop.current)
      let any = try SocketAddress(number: "127.0.0.1", port: 0)
      let taken = try await loop.createServer(on: any) { RecordingProtocol() }
      let address = taken.value.address
      await #expect(throws: UVError.addressInUse) {
        try await group.createServer(on: address) { PlaceProtocol(group) }
      }
      taken.value.close()
      // What several loops hold is refused to several others as well.
      let listener = try await group.createServer(on: address) { PlaceProtocol(group) }
      let others = try EventLoopGroup(loops: 2)
      await #expect(throws: UVError.addressInUse) {
        try await others.createServer(on: address) { PlaceProtocol(others) }
      }
      await others.shutdown()
      listener.close()
      await group.shutdown()
      let again = try await loop.createServer(on: address) { RecordingProtocol() }
      again.value.close()
    }
  }
}
