import Fluvial
import FluvialTransports

/// Every kind of handle once, each step free to fail: what is left must be nothing.
struct LittleOfEverything {
  func run() async {
    await attempt("streams") {
      try await withServer(host: "127.0.0.1", port: 0, grace: .milliseconds(200)) {
        reader, writer in
        while let some = try await reader.read(upTo: 4096) { try await writer.write(some) }
      } _: { server in
        let port = server.localAddresses.first?.port ?? 0
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<4 {
            group.addTask {
              try await withConnection(host: "127.0.0.1", port: port) { reader, writer in
                // More than the kernel takes at once, in several values.
                let block = [UInt8](repeating: 3, count: 100_000)
                async let came = reader.read(exactly: 5 * block.count)
                for _ in 0..<5 { try await writer.write(block) }
                _ = try await came
              }
            }
          }
          try await group.waitForAll()
        }
      }
    }
    await attempt("name") { _ = try await EventLoop.current?.resolve(host: "localhost", port: 80) }
    await attempt("pipe") {
      let (reader, writer) = try await openPipe()
      try await writer.write("through a pipe\n")
      writer.close()
      _ = try await reader.readToEnd()
    }
    await attempt("process") {
      try await withProcess("true") { _ = try await $0.wait() }
    }
    await attempt("signal") {
      guard let loop = EventLoop.current else { return }
      let watching = Task(executorPreference: loop.taskExecutor) {
        for try await _ in loop.signals(.user1) { break }
      }
      try await loop.clock.sleep(for: .milliseconds(2))
      watching.cancel()
      _ = try? await watching.value
    }
    await attempt("loop") { try await EventLoop.run {} }
  }

  private func attempt(_ what: String, _ body: @escaping @Sendable () async throws -> Void) async {
    do {
      try await withTimeout(.seconds(5), body)
      say("\(what) ok")
    } catch { say("\(what) error \(describe(error))") }
  }
}
