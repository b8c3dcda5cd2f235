import FluvialPrimitives
import StreamTestSupport
import Testing

@testable import Fluvial

/// Servers on several loops: one port, connections that stay where they are, and one end for all.
@Suite struct SeveralLoopsTests {
  /// Runs a server on a group's loops, which are no longer there afterwards.
  private func serve(
    loops: Int = 3, options: ServerOptions = ServerOptions(),
    handler: @escaping @Sendable (EventLoopGroup, StreamReader, StreamWriter) async throws -> Void,
    _ body: @escaping @Sendable (Server, EventLoopGroup) async throws -> Void
  ) throws {
    try onLoop {
      let group = try EventLoopGroup(loops: loops)
      let server = try await startServer(
        host: "127.0.0.1", port: 0, options: options, across: group
      ) {
        try await handler(group, $0, $1)
      }
      try await body(server, group)
      await server.shutdown(grace: .seconds(2))
      await group.shutdown()
    }
  }

  private func clients(_ count: Int, of server: Server) throws -> [RawSocket] {
    try (0..<count).map { _ in try RawSocket.connect(port: server.localAddresses[0].port) }
  }

  // MARK: Where connections live

  @Test func `port 0 is one port, of both families, on all loops`() throws {
    try onLoop {
      let server = try await startServer(port: 0, loops: 3) { reader, writer in
        try await writer.write("here")
      }
      #expect(server.loops.count == 3)
      #expect(server.loop === EventLoop.current)
      #expect(Set(server.localAddresses.map(\.family)) == [.v4, .v6])
      #expect(Set(server.localAddresses.map(\.port)).count == 1)
      for host in ["127.0.0.1", "::1"] {
        for _ in 0..<6 {
          let port = server.localAddresses[0].port
          let (reader, writer) = try await openConnection(host: host, port: port)
          #expect(try await reader.readToEnd().text == "here")
          writer.close()
        }
      }
      await server.shutdown(grace: .seconds(2))
    }
  }

  @Test func `a connection stays on its loop, and every loop has some`() throws {
    let strays = Flag()
    try serve { group, reader, writer in
      let place = group.indexOfCurrentLoop
      try await writer.write([UInt8(place ?? 255)])
      while let bytes = try await reader.read(upTo: 100) {
        if group.indexOfCurrentLoop != place { strays.raise() }
        try await writer.write(bytes)
      }
    } _: { server, _ in
      let clients = try clients(30, of: server)
      var counts = [0, 0, 0]
      for client in clients { counts[Int(try await client.receive(exactly: 1)[0])] += 1 }
      // An eighth more than the least, and one a loop that was on its way.
      #expect(try #require(counts.max()) - #require(counts.min()) <= 6, "\(counts)")
      for round in 0..<5 {
        for client in clients { try client.send("\(round)") }
        for client in clients { #expect(try await client.receive(exactly: 1) == bytes("\(round)")) }
      }
      withExtendedLifetime(clients) { #expect(server.connectionCount == 30) }
    }
    #expect(!strays.isRaised)
  }

  @Test func `a unix socket's connections are shared out among the loops`() throws {
    try onLoop {
      let path = "\0fluvial.loops.\(UInt64.random(in: 0 ... .max))"
      let group = try EventLoopGroup(loops: 3)
      let server = try await startServer(unixPath: path, across: group) { reader, writer in
        try await writer.write([UInt8(group.indexOfCurrentLoop ?? 255)])
        _ = try await reader.readToEnd()
      }
      var counts = [0, 0, 0]
      var writers: [StreamWriter] = []
      for _ in 0..<24 {
        let (reader, writer) = try await openConnection(unixPath: path)
        counts[Int(try await reader.read(exactly: 1)[0])] += 1
        writers.append(writer)
      }
      #expect(try #require(counts.max()) - #require(counts.min()) <= 4, "\(counts)")
      for writer in writers { writer.close() }
      await server.shutdown(grace: .seconds(2))
      await group.shutdown()
    }
  }

  // MARK: Limits and errors

  /// How many there were at the same time.
  private final class Peak: Sendable {
    private let state = Lock((now: 0, most: 0))

    var most: Int { state.withLock(\.most) }

    func enter() {
      state.withLock { state in
        state.now += 1
        state.most = max(state.most, state.now)
      }
    }

    func leave() { state.withLock { $0.now -= 1 } }
  }

  @Test func `maxConnections counts the connections of all loops`() throws {
    var options = ServerOptions()
    options.maxConnections = 3
    let peak = Peak()
    try serve(options: options) { _, reader, writer in
      peak.enter()
      defer { peak.leave() }
      try await writer.write("x")
      _ = try await reader.readToEnd()
    } _: { server, _ in
      var waiting = try clients(12, of: server)
      while !waiting.isEmpty {
        var served: RawSocket?
        try await eventually("one more is served") {
          for client in waiting where try client.receive(upTo: 1)?.isEmpty == false {
            served = client
            return true
          }
          return false
        }
        let done = try #require(served)
        waiting.removeAll { $0 === done }
        done.endSending()
      }
      #expect(peak.most <= 3)
    }
  }

  @Test func `an address in use is refused on several loops, and leaves nothing bound`() throws {
    try onLoop {
      let first = try await startServer(host: "127.0.0.2", port: 0) { _, _ in }
      let port = first.localAddresses[0].port
      let group = try EventLoopGroup(loops: 3)
      let code = try await StreamError.code {
        try await startServer(hosts: ["127.0.0.1", "127.0.0.2"], port: port, across: group) {
          _, _ in
        }
      }
      #expect(code == .addressInUse)
      // The one that was free is free again at once, on every loop.
      let second = try await startServer(host: "127.0.0.1", port: port) { _, _ in }
      second.close()
      first.close()
      await group.shutdown()
    }
  }

  @Test func `two servers on several loops do not share a port unasked`() throws {
    try onLoop {
      let first = try await startServer(host: "127.0.0.1", port: 0, loops: 2) { _, _ in }
      let port = first.localAddresses[0].port
      let code = try await StreamError.code {
        try await startServer(host: "127.0.0.1", port: port, loops: 2) { _, _ in }
      }
      #expect(code == .addressInUse)
      await first.shutdown(grace: .seconds(1))
    }
  }

  @Test(arguments: [0, -2])
  func `a count of loops that is not positive is refused`(count: Int) throws {
    try onLoop {
      let code = try await StreamError.code {
        try await startServer(port: 0, loops: count) { _, _ in }
      }
      #expect(code == .invalidArgument)
    }
  }

  @Test func `connections are refused on every loop until serving starts`() throws {
    try onLoop {
      let group = try EventLoopGroup(loops: 3)
      let server = try await startServer(
        host: "127.0.0.1", port: 0, startServing: false, across: group
      ) { _, writer in try await writer.write("x") }
      let port = server.localAddresses[0].port
      let refused = try await StreamError.code {
        try await openConnection(host: "127.0.0.1", port: port)
      }
      #expect(refused == .connectFailed)
      try await server.startServing()
      try await server.startServing()
      for _ in 0..<9 {
        let client = try RawSocket.connect(port: port)
        #expect(try await client.receiveToEnd() == bytes("x"))
      }
      await server.shutdown(grace: .seconds(1))
      let over = try await StreamError.code { try await server.startServing() }
      #expect(over == .closed)
      await group.shutdown()
    }
  }

  // MARK: Stopping

  @Test func `closeClients ends the connections of every loop`() throws {
    try serve { _, reader, writer in
      try await writer.write("x")
      _ = try? await reader.readToEnd()
    } _: { server, _ in
      let clients = try clients(9, of: server)
      for client in clients { _ = try await client.receive(exactly: 1) }
      server.closeClients()
      for client in clients { #expect(try await client.receiveToEnd().isEmpty) }
      try await eventually("no connection is left") { server.connectionCount == 0 }
      #expect(server.isServing)
    }
  }

  @Test func `shutdown cancels the handlers of every loop and returns in time`() throws {
    let cancelled = Flag()
    try serve { _, reader, writer in
      try await writer.write("x")
      do { _ = try await reader.readToEnd() } catch {
        cancelled.raise()
        throw error
      }
    } _: { server, _ in
      let clients = try clients(9, of: server)
      for client in clients { _ = try await client.receive(exactly: 1) }
      #expect(await server.shutdown(grace: .seconds(2)))
      #expect(cancelled.count == 9)
      #expect(server.connectionCount == 0)
      for client in clients { _ = try await client.receiveToEnd() }
    }
  }

  @Test func `serveForever ends when the group does, and the server with it`() throws {
    try onLoop {
      let group = try EventLoopGroup(loops: 3)
      let server = try await startServer(host: "127.0.0.1", port: 0, across: group) {
        reader, writer in
        try await writer.write("x")
        _ = try await reader.readToEnd()
      }
      let serving = start { try await server.serveForever() }
      let clients = try clients(6, of: server)
      for client in clients { _ = try await client.receive(exactly: 1) }
      await group.shutdown()
      try await serving.value
      await server.waitClosed()
      #expect(!server.isServing)
      #expect(server.connectionCount == 0)
    }
  }

  @Test func `the body's end takes a server on several loops along`() async {
    await #expect(processExitsWith: .success) {
      let held = Record<RawSocket>()
      func round() throws {
        try EventLoop.run {
          let server = try await startServer(host: "127.0.0.1", port: 0, loops: 3) {
            reader, writer in
            try await writer.write("x")
            _ = try await reader.readToEnd()
          }
          for _ in 0..<6 {
            let client = try RawSocket.connect(port: server.localAddresses[0].port)
            _ = try await client.receive(exactly: 1)
            held.add(client)
          }
          // Neither a shutdown nor a close.
        }
      }
      try round()
      #expect(LiveObjects.count == 0)
      let descriptors = openDescriptorCount()
      for _ in 0..<3 { try round() }
      #expect(LiveObjects.count == 0)
      // The test's own ends of the connections stay open.
      #expect(openDescriptorCount() <= descriptors + 3 * 6)
    }
  }

  @Test func `the loops that a server was started with end when it is closed`() async {
    await #expect(processExitsWith: .success) {
      func round() throws {
        try EventLoop.run {
          let server = try await startServer(host: "127.0.0.1", port: 0, loops: 3) { _, _ in }
          #expect(await server.shutdown(grace: .seconds(2)))
          #expect(server.loops.map(\.isEnding) == [false, true, true])
          let idle = try await startServer(
            host: "127.0.0.1", port: 0, loops: 2, startServing: false
          ) { _, _ in }
          idle.close()
        }
      }
      try round()
      let deadline = ContinuousClock.now + .seconds(30)
      for _ in 0..<5 { try round() }
      while LiveObjects.count > 0, ContinuousClock.now < deadline { await Task.yield() }
      #expect(LiveObjects.count == 0)
    }
  }

  // MARK: Actors

  /// Everybody who is connected, on one loop.
  private actor Room {
    let loop: EventLoop
    private var writers: [ObjectIdentifier: StreamWriter] = [:]
    nonisolated var unownedExecutor: UnownedSerialExecutor {
      unsafe loop.asUnownedSerialExecutor()
    }

    init(loop: EventLoop) { self.loop = loop }

    func join(_ writer: StreamWriter) { writers[ObjectIdentifier(writer)] = writer }
    func leave(_ writer: StreamWriter) { writers[ObjectIdentifier(writer)] = nil }

    /// Whether the calling task's thread was kept.
    func say(_ line: String) -> Bool {
      for writer in writers.values { _ = try? writer.tryWrite(bytes(line)) }
      return loop.isCurrent
    }
  }

  /// A room for each loop that asked for one.
  private final class Rooms: Sendable {
    private let rooms = Lock<[ObjectIdentifier: Room]>([:])

    var count: Int { rooms.withLock(\.count) }

    func room(on loop: EventLoop) -> Room {
      rooms.withLock { rooms in
        if let room = rooms[ObjectIdentifier(loop)] { return room }
        let room = Room(loop: loop)
        rooms[ObjectIdentifier(loop)] = room
        return room
      }
    }
  }

  @Test func `one actor for all loops reaches everybody`() throws {
    let rooms = Rooms()
    try serve { group, reader, writer in
      let room = rooms.room(on: group.loops[0])
      await room.join(writer)
      try await writer.write("in\n")
      while let line = try await reader.readLine() { _ = await room.say(line + "\n") }
      await room.leave(writer)
    } _: { server, _ in
      let clients = try clients(12, of: server)
      for client in clients { _ = try await client.receive(exactly: 3) }
      for (number, client) in clients.enumerated() {
        let line = "line \(number)\n"
        try client.send(line)
        for hearer in clients {
          #expect(try await hearer.receive(exactly: line.utf8.count) == bytes(line))
        }
      }
      for client in clients { client.endSending() }
    }
  }

  @Test func `an actor on the connection's own loop is reached without leaving the thread`() throws
  {
    let rooms = Rooms()
    let strays = Flag()
    try serve { _, reader, writer in
      guard let loop = EventLoop.current else { return strays.raise() }
      let room = rooms.room(on: loop)
      await room.join(writer)
      try await writer.write("in\n")
      while let line = try await reader.readLine() {
        if await !room.say(line + "\n") || !loop.isCurrent { strays.raise() }
      }
      await room.leave(writer)
    } _: { server, _ in
      let clients = try clients(9, of: server)
      for client in clients { _ = try await client.receive(exactly: 3) }
      for client in clients { try client.send("hi\n") }
      for client in clients { _ = try await client.receive(exactly: 3) }
      for client in clients { client.endSending() }
    }
    #expect(!strays.isRaised)
    #expect(rooms.count == 3)
  }
}
