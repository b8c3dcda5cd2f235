import FluvialTransports
import StreamTestSupport
import Testing

@testable import Fluvial

/// Linger and grace times on a clock that the test moves: nothing here waits for time to pass.
@Suite struct ManualClockTests {
  @Test func `a graceful close lasts for the linger time, to the second`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let stream = try await StalledStream()
      try await stream.writer.write(pattern(100_000))
      stream.writer.close()
      let isClosed = Flag()
      let closed = start {
        defer { isClosed.raise() }
        return await stream.writer.waitClosed()
      }
      loop.moveClock(by: .seconds(29))
      await turns(50)
      #expect(!isClosed.isRaised)
      loop.moveClock(by: .seconds(1))
      #expect(try await closed.value == .aborted(.timedOut))
      stream.peer.close()
    }
  }

  @Test func `a TCP peer that takes everything and never closes is let go of without a reset`()
    throws
  {
    try onLoop {
      let listener = try RawListener()
      let (_, writer) = try await openConnection(host: "127.0.0.1", port: listener.port)
      let peer = try await listener.accept()
      try await writer.write("all of it")
      writer.close()
      #expect(await writer.waitClosed() == .finished)
      #expect(try await peer.receiveToEnd().text == "all of it")
      peer.close()
    }
  }

  @Test func `a shutdown's steps come at their parts of the grace time`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let events = Record<String>()
      let (gate, opener) = AsyncStream<Void>.makeStream()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await writer.write("x")
        do { _ = try await reader.readToEnd() } catch { events.add("cancelled") }
        // Not cancelled by anything: its task is nobody's child.
        try await start { for await _ in gate {} }.value
      }
      let (reader, writer) = try await openConnection(
        host: "127.0.0.1", port: server.localAddresses[0].port)
      _ = try await reader.read(exactly: 1)
      let stopping = start {
        let all = await server.shutdown(grace: .seconds(100))
        events.add("returned")
        return all
      }
      await turns(50)
      loop.moveClock(by: .seconds(49))
      await turns(50)
      #expect(events.all.isEmpty)
      loop.moveClock(by: .seconds(2))
      try await eventually("the handler is cancelled") { events.all == ["cancelled"] }
      loop.moveClock(by: .seconds(40))
      await turns(50)
      #expect(events.all == ["cancelled"])
      loop.moveClock(by: .seconds(10))
      #expect(try await stopping.value == false)
      #expect(events.all == ["cancelled", "returned"])
      opener.finish()
      await server.waitClosed()
      writer.close()
    }
  }

  @Test func `a child that does not go is killed when the grace time is over`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let hasEnded = Flag()
      let moving = start {
        while !hasEnded.isRaised {
          loop.moveClock(by: .seconds(600))
          await turns(20)
        }
      }
      let child = try await withProcess(
        "/bin/sh", ["-c", "trap '' TERM; echo ready; exec sleep 3600"], output: .pipe,
        grace: .seconds(3600)
      ) { child in
        let said = try await child.standardOutput?.readLine()
        #expect(said == "ready")
        return child
      }
      hasEnded.raise()
      try await moving.value
      #expect(child.exit == .signaled(Signal(rawValue: 9)))
    }
  }
}
