import Fluvial
import Testing

@Suite struct EchoTests {
  @Test func `a line goes to the server and comes back`() throws {
    let answer = try EventLoop.run {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        while let bytes = try await reader.read(upTo: 4096) { try await writer.write(bytes) }
      }
      let port = server.localAddresses[0].port
      let line = try await withConnection(host: "127.0.0.1", port: port) { reader, writer in
        try await writer.write("hello\n")
        return try await reader.readLine()
      }
      await server.shutdown(grace: .seconds(1))
      return line
    }
    #expect(answer == "hello")
  }
}
