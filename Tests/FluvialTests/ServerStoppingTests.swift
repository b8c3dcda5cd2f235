import Fluvial
import StreamTestSupport
import Testing

/// How servers stop: close, shutdown, cancellation.
@Suite struct ServerStoppingTests {
  private func connect(_ server: Server) async throws -> (StreamReader, StreamWriter) {
    try await openConnection(host: "127.0.0.1", port: server.localAddresses[0].port)
  }

  // S09
  @Test func `close from elsewhere ends serveForever`() throws {
    try onLoop {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
      let serving = start { try await server.serveForever() }
      await turns()
      #expect(server.isServing)
      EventLoop.shared.execute { server.close() }
      try await serving.value
      #expect(!server.isServing)
      await server.waitClosed()
    }
  }

  @Test func `cancelling serveForever closes the server and cancels its handlers`() throws {
    try onLoop {
      let cancelled = Flag()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await writer.write("x")
        do { _ = try await reader.readToEnd() } catch {
          cancelled.raise()
          throw error
        }
      }
      let (reader, writer) = try await connect(server)
      _ = try await reader.read(exactly: 1)
      let serving = start { try await server.serveForever() }
      await turns()
      serving.cancel()
      await #expect(throws: CancellationError.self) { try await serving.value }
      #expect(cancelled.isRaised)
      #expect(try await reader.read(upTo: 1) == nil)
      writer.close()
    }
  }

  // S11
  @Test func `waitClosed waits for the close and for the clients`() throws {
    try onLoop {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await writer.write("x")
        _ = try await reader.readToEnd()
      }
      let ended = Flag()
      let waiting = start {
        await server.waitClosed()
        ended.raise()
      }
      let (reader, writer) = try await connect(server)
      _ = try await reader.read(exactly: 1)
      await turns()
      #expect(!ended.isRaised)
      server.close()
      await turns()
      #expect(!ended.isRaised)
      writer.close()
      try await waiting.value
      await server.waitClosed()
      #expect(server.connectionCount == 0)
    }
  }

  // S12
  @Test func `a close in the turn in which the last client goes is not missed`() throws {
    try onLoop {
      for round in 0..<20 {
        let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
          try await writer.write("x")
          _ = try await reader.readToEnd()
        }
        let (reader, writer) = try await connect(server)
        _ = try await reader.read(exactly: 1)
        writer.close()
        await turns(round % 7)
        server.close()
        await server.waitClosed()
      }
    }
  }

  @Test func `shutdown returns in its time with an idle client and one that never reads`() throws {
    try onLoop {
      let clock = try #require(EventLoop.current).clock
      for _ in 0..<10 {
        let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
          while let line = try await reader.readLine() {
            if line == "flood" {
              while true { try await writer.write([UInt8](repeating: 1, count: 65_536)) }
            }
            try await writer.write(line + "\n")
          }
        }
        let (idle, idleWriter) = try await connect(server)
        try await idleWriter.write("hello\n")
        _ = try await idle.readLine()
        let listener = server.localAddresses[0]
        let deaf = try RawSocket.connect(port: listener.port)
        try deaf.setBuffers(4096)
        try deaf.send("flood\n")
        try await eventually("both clients are handled") { server.connectionCount == 2 }
        await turns(50)
        let begin = clock.now
        #expect(await server.shutdown(grace: .milliseconds(500)))
        #expect(begin.duration(to: clock.now) < .milliseconds(600))
        #expect(server.connectionCount == 0)
        idleWriter.close()
        deaf.close()
      }
    }
  }

  @Test func `shutdown lets handlers finish that only need a moment`() throws {
    try onLoop {
      let cancelled = Flag()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readLine()
        try await EventLoop.current?.clock.sleep(for: .milliseconds(20))
        if Task.isCancelled { cancelled.raise() }
        try await writer.write("done")
      }
      let (reader, writer) = try await connect(server)
      try await writer.write("go\n")
      try await eventually("the client is handled") { server.connectionCount == 1 }
      #expect(await server.shutdown(grace: .seconds(10)))
      #expect(try await reader.readToEnd().text == "done")
      #expect(!cancelled.isRaised)
      writer.close()
    }
  }

  @Test func `shutdown does not wait for a handler that ignores its cancellation`() throws {
    try onLoop {
      let (gate, opener) = AsyncStream<Void>.makeStream()
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in
        try await writer.write("x")
        // Not cancelled by anything: its task is nobody's child.
        try await start { for await _ in gate {} }.value
      }
      let (reader, writer) = try await connect(server)
      _ = try await reader.read(exactly: 1)
      #expect(await server.shutdown(grace: .milliseconds(50)) == false)
      // Its connection is gone all the same.
      await #expect(throws: StreamError.self) {
        if try await reader.read(upTo: 1) == nil { throw StreamError(.closed, "The end.") }
      }
      opener.finish()
      await server.waitClosed()
      writer.close()
    }
  }

  @Test func `closeClients is graceful, abortClients is not`() throws {
    try onLoop {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await writer.write("hello")
        _ = try await reader.readToEnd()
      }
      let first = try await connect(server)
      try await eventually("the client is handled") { server.connectionCount == 1 }
      _ = try await first.0.peek(5)
      server.closeClients()
      #expect(try await first.0.readToEnd().text == "hello")
      first.1.close()
      let second = try await connect(server)
      _ = try await second.0.read(exactly: 5)
      server.abortClients()
      let error = try await streamError { try await second.0.read(upTo: 1) }
      #expect(error.cause == .connectionReset)
      #expect(server.isServing)
      await server.shutdown(grace: .seconds(1))
      second.1.close()
    }
  }

  @Test(arguments: [false, true])
  func `a handler whose connection the server ends is no failed one`(aborts: Bool) throws {
    try onLoop {
      let reported = Record<any Error>()
      var options = ServerOptions()
      options.onHandlerError = { reported.add($0) }
      let isWriting = Flag()
      let server = try await startServer(host: "127.0.0.1", port: 0, options: options) {
        reader, writer in
        try await writer.write("hello")
        guard try await reader.read(upTo: 1) != nil else { return }
        isWriting.raise()
        while true { try await writer.write([UInt8](repeating: 1, count: 100_000)) }
      }
      let (idle, idleWriter) = try await connect(server)
      let deaf = try RawSocket.connect(port: server.localAddresses[0].port)
      try deaf.send("x")
      try await eventually("both are handled") {
        server.connectionCount == 2 && isWriting.isRaised
      }
      _ = try await idle.peek(5)
      if aborts { server.abortClients() } else { server.closeClients() }
      if !aborts {
        #expect(try await idle.readToEnd().text == "hello")
        _ = try await deaf.receiveToEnd()
      }
      idleWriter.close()
      deaf.close()
      try await eventually("the connections are gone") { server.connectionCount == 0 }
      #expect(reported.all.isEmpty)
      await server.shutdown(grace: .seconds(1))
    }
  }

  // S19
  @Test func `a server that nobody holds goes on serving`() throws {
    try onLoop {
      weak var seen: Server?
      let port: Int
      do {
        let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in
          try await writer.write("here")
        }
        seen = server
        port = server.localAddresses[0].port
      }
      await turns()
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
      #expect(try await reader.readToEnd().text == "here")
      writer.close()
      await seen?.shutdown(grace: .seconds(1))
    }
  }
}
