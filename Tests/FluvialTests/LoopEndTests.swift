import StreamTestSupport
import Testing

@testable import Fluvial

/// What is left when a loop ends, and what can still be done with it afterwards.
@Suite struct LoopEndTests {
  /// A loop that has ended.
  private func endedLoop() throws -> EventLoop {
    try EventLoop.run {
      guard let loop = EventLoop.current else { throw TestFailure("The body is on no loop.") }
      return loop
    }
  }

  // X17
  @Test func `a loop that ends with everything open leaves no descriptor and no object`() async {
    await #expect(processExitsWith: .success) {
      func round() throws {
        try EventLoop.run {
          let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
            try await writer.write([UInt8](repeating: 1, count: 1 << 20))
            _ = try await reader.readToEnd()
          }
          let port = server.localAddresses[0].port
          let held = try await openConnection(host: "127.0.0.1", port: port)
          _ = try await held.reader.read(exactly: 10)
          _ = try await startServer(unixPath: "\0fluvial.end.\(port)") { _, _ in }
          EventLoop.current?.schedule(after: .seconds(3600)) {}
          _ = start { try await EventLoop.current?.clock.sleep(for: .seconds(3600)) }
          _ = start { try await EventLoop.current?.resolve(host: "localhost", port: 80) }
          let hole = try BlackHole()
          _ = start { _ = try await openConnection(host: "127.0.0.1", port: hole.port) }
          await turns()
        }
      }
      try round()
      let (descriptors, objects) = (openDescriptorCount(), LiveObjects.count)
      for _ in 0..<5 { try round() }
      #expect(openDescriptorCount() == descriptors)
      #expect(LiveObjects.count == objects)
    }
  }

  // X17
  @Test func `a task that sleeps on the loop's clock is cancelled by the loop's end`() throws {
    let (ran, sleeper) = try EventLoop.run {
      let sleeper = start { try await EventLoop.current?.clock.sleep(for: .seconds(3600)) }
      await turns()
      return (true, sleeper)
    }
    #expect(ran)
    try onLoop {
      await #expect(throws: CancellationError.self) { try await sleeper.value }
    }
  }

  // X17
  @Test func `a connection that is being made when the loop ends fails`() throws {
    let hole = try BlackHole()
    let connecting = try EventLoop.run {
      let task = start { _ = try await openConnection(host: "127.0.0.1", port: hole.port) }
      await turns()
      return task
    }
    try onLoop {
      let code = try await StreamError.code { try await connecting.value }
      #expect(code == .connectFailed)
    }
  }

  // X17
  @Test func `a server ends with its loop, and its handlers are cancelled`() throws {
    let cancelled = Flag()
    let server = try EventLoop.run {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in
        try await writer.write("hello")
        do { try await EventLoop.current?.clock.sleep(for: .seconds(3600)) } catch {
          if Task.isCancelled { cancelled.raise() }
          throw error
        }
      }
      let port = server.localAddresses[0].port
      let (reader, _) = try await openConnection(host: "127.0.0.1", port: port)
      _ = try await reader.read(exactly: 5)
      return server
    }
    try onLoop { await server.waitClosed() }
    #expect(!server.isServing)
    #expect(cancelled.isRaised)
  }

  // X18
  @Test func `closing after the loop's end is harmless`() throws {
    let (server, bound, writer) = try EventLoop.run {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
      let bound = try await startServer(host: "127.0.0.1", port: 0, startServing: false) { _, _ in }
      let port = server.localAddresses[0].port
      let (_, writer) = try await openConnection(host: "127.0.0.1", port: port)
      return (server, bound, writer)
    }
    server.close()
    bound.close()
    server.abortClients()
    writer.close()
    writer.abort()
    try onLoop {
      await bound.waitClosed()
      #expect(await bound.shutdown(grace: .seconds(1)))
      #expect(await server.shutdown(grace: .seconds(1)))
      let written = try await StreamError.code { try await writer.write("x") }
      #expect(written == .closed)
      let started = try await StreamError.code { try await server.startServing() }
      #expect(started == .closed)
    }
  }

  // X18
  @Test func `a shutdown returns after the loop's end, although a handler never does`() throws {
    let (gate, opener) = AsyncStream<Void>.makeStream()
    let server = try EventLoop.run {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in
        try await writer.write("x")
        // Not cancelled by anything: its task is nobody's child.
        try await start { for await _ in gate {} }.value
      }
      let port = server.localAddresses[0].port
      let (reader, _) = try await openConnection(host: "127.0.0.1", port: port)
      _ = try await reader.read(exactly: 1)
      return server
    }
    try onLoop {
      #expect(await server.shutdown(grace: .seconds(3600)) == false)
      opener.finish()
      await server.waitClosed()
    }
  }

  // X18
  @Test func `what is begun on a loop that has ended fails`() throws {
    let ended = try endedLoop()
    try onLoop {
      await #expect(throws: StreamError.self) {
        _ = try await openConnection(host: "127.0.0.1", port: 9, on: ended)
      }
      await #expect(throws: StreamError.self) {
        _ = try await startServer(host: "127.0.0.1", port: 0, on: ended) { _, _ in }
      }
      await #expect(throws: UVError.canceled) {
        _ = try await ended.resolve(host: "localhost", port: 80)
      }
      await #expect(throws: CancellationError.self) {
        try await ended.clock.sleep(for: .milliseconds(1))
      }
      let (ours, peer) = try RawSocket.pair()
      await #expect(throws: StreamError.self) {
        _ = try await openConnection(adopting: ours, on: ended)
      }
      // The descriptor was taken over all the same.
      #expect(try await peer.receiveToEnd().isEmpty)
    }
  }

  // X18
  @Test func `calls and tasks that reach an ended loop still run`() throws {
    let ended = try endedLoop()
    try onLoop {
      let ran = Flag()
      ended.execute { ran.raise() }
      try await eventually("the call was made") { ran.isRaised }
      let sum = await Task(executorPreference: ended.taskExecutor) {
        var sum = 0
        for number in 1...10 {
          sum += number
          await Task.yield()
        }
        return sum
      }.value
      #expect(sum == 55)
      let dropped = ended.schedule(after: .zero) { ran.raise() }
      dropped.cancel()
      #expect(await LateActor(loop: ended).answer() == 42)
    }
  }
}

/// An actor that outlives its loop.
private actor LateActor {
  let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  init(loop: EventLoop) { self.loop = loop }

  func answer() async -> Int {
    preconditionIsolated()
    await Task.yield()
    preconditionIsolated()
    return 42
  }
}
