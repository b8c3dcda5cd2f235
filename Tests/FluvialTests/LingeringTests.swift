import Fluvial
import Testing

@Suite struct LingeringTests {
  @Test func `a peer that resets ends a graceful close at once`() throws {
    let duration = try EventLoop.run {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readLine()
        try await writer.write("answer\n")
      }
      let port = server.localAddresses[0].port
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
      try await writer.write("question\n")
      // The server's end of the stream: it waits for ours, or for a confirmation.
      _ = try await reader.readToEnd()
      writer.abort()
      let start = server.loop.clock.now
      server.close()
      await server.waitClosed()
      return start.duration(to: server.loop.clock.now)
    }
    #expect(duration < .seconds(10))
  }
}
