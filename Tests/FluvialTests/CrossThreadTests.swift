import Fluvial
import Testing

/// Streams used from tasks that are not on their loop: every wait crosses threads.
@Suite struct CrossThreadTests {
  @Test(arguments: [1, 1000, 70_000]) func `bytes survive the way between threads`(size: Int)
    async throws
  {
    let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
      while let bytes = try await reader.read(upTo: 4096) { try await writer.write(bytes) }
    }
    let port = server.localAddresses[0].port
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for client in 0..<8 {
        group.addTask { @concurrent in
          try await withConnection(host: "127.0.0.1", port: port) { reader, writer in
            for round in 0..<20 {
              let sent = [UInt8](repeating: UInt8(truncatingIfNeeded: client + round), count: size)
              async let write: Void = writer.write(sent)
              let got = try await reader.read(exactly: size)
              try await write
              if got != sent { return false }
            }
            return true
          }
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
    await server.shutdown(grace: .seconds(2))
  }

  @Test func `one loop's server and another loop's client`() throws {
    let text = try EventLoop.run {
      let server = try await startServer(host: "127.0.0.1", port: 0, on: .shared) {
        reader, writer in
        for try await line in reader.lines { try await writer.writeLine(line.uppercased()) }
      }
      let port = server.localAddresses[0].port
      let answers = try await withConnection(host: "127.0.0.1", port: port) { reader, writer in
        try await writer.write("a\nb\nc\n")
        try writer.writeEOF()
        return try await reader.readToEnd()
      }
      await server.shutdown(grace: .seconds(1))
      return String(decoding: answers, as: UTF8.self)
    }
    #expect(text == "A\nB\nC\n")
  }
}
