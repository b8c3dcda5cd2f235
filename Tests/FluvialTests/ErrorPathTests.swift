import FluvialTransports
import StreamTestSupport
import Testing

@testable import Fluvial

/// What must not be done, and what a connection that ends badly leaves behind.
@Suite struct ErrorPathTests {
  // X18
  @Test func `a transport that is used from another thread stops the program`() async {
    await #expect(processExitsWith: .failure) {
      let transport = try EventLoop.run {
        guard let loop = EventLoop.current else { throw TestFailure("Not on a loop.") }
        let (ours, _) = try RawSocket.pair()
        let connection = try await loop.connectReadPipe(ours) { PauseLog() }
        return connection.value.transport
      }
      transport.pauseReading()
    }
  }

  @Test func `error paths leave no object and no descriptor behind`() async {
    // In a process of its own, where the process-wide counts are nobody else's.
    await #expect(processExitsWith: .success) {
      try ErrorPaths.run(times: 5)
      let (objects, descriptors) = (LiveObjects.count, openDescriptorCount())
      try ErrorPaths.run(times: 15)
      guard LiveObjects.count == objects else {
        throw TestFailure("\(LiveObjects.count - objects) objects are left.")
      }
      let left = openDescriptorCount()
      guard left == descriptors else {
        throw TestFailure("\(left - descriptors) descriptors are left.")
      }
    }
  }
}

/// One of each way in which a connection ends badly.
enum ErrorPaths {
  static func run(times: Int) throws {
    for _ in 0..<times {
      try onLoop {
        let listener = try RawListener(buffer: 4096)
        let port = listener.port
        // Refused arguments.
        let (refused, _) = try RawSocket.pair()
        _ = try? await openConnection(adopting: refused, limit: 0)
        // Nobody listens.
        _ = try? await openConnection(host: "127.0.0.1", port: 1)
        // Reset while reading, while writing, while closing.
        for step in 0..<3 {
          let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
          let peer = try await listener.accept()
          if step > 0 { try await writer.write(pattern(3_000_000)) }
          if step == 2 { writer.close() }
          peer.reset()
          _ = try? await reader.readToEnd()
          _ = try? await writer.flush()
          writer.close()
          _ = await writer.waitClosed()
        }
        // Aborted, timed out, dropped.
        let stalled = try await StalledStream()
        _ = try await stalled.fillToPause()
        _ = try? await withTimeout(.milliseconds(1)) { try await stalled.writer.write([1]) }
        await stalled.abort()
        let lingering = try await StalledStream()
        _ = try await lingering.fillToPause()
        lingering.writer.setLingerTime(.milliseconds(1))
        lingering.writer.close()
        _ = await lingering.writer.waitClosed()
        _ = try await StalledStream()
      }
    }
  }
}
