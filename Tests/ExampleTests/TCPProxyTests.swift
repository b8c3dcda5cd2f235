import Fluvial
import Glibc
import TestSupport
import Testing

/// Two connections that are one.
@Suite struct TCPProxyTests {
  @Test func `what goes in comes back through, and the end of one direction is passed on alone`()
    throws
  {
    let echo = try ServerProgram("echo-server")
    let proxy = try ServerProgram("tcp-proxy", ["127.0.0.1", "\(echo.port)"])
    let lines = Array(String(repeating: "a line of the megabyte\n", count: 45_000).utf8)
    let greeting = Array("Welcome! 1 user(s) are online!\n".utf8)
    #expect(try proxy.exchange(lines) == greeting + lines)
    let outcome = try proxy.stop(by: SIGINT)
    #expect(outcome.ending == .exited(0))
    #expect(outcome.error == "")
  }

  @Test func `a reader that waits makes the sender wait`() throws {
    let proxied = try EventLoop.run {
      // Somebody behind the proxy who reads nothing until told to.
      let gate = Gate()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        await gate.wait()
        let all = try await reader.readToEnd()
        try await writer.write("\(all.count)\n")
      }
      let proxy = try ServerProgram("tcp-proxy", ["127.0.0.1", "\(server.localAddresses[0].port)"])
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: proxy.port)
      // Until nothing goes out any more; what the kernel and the proxy hold is bounded.
      let piece = [UInt8](repeating: 7, count: 1 << 20)
      var sent = 0
      while sent < 200 {
        do {
          try await withTimeout(.seconds(1)) {
            try await writer.write(piece)
            try await writer.flush()
          }
          sent += 1
        } catch is TimeoutError { break }
      }
      #expect(sent < 64)
      await gate.open()
      try writer.writeEOF()
      let total = try await reader.readLine()
      writer.close()
      await server.shutdown(grace: .seconds(5))
      return (total.flatMap { Int($0) } ?? 0, sent)
    }
    // The value that was under way when time ran out may or may not have been accepted.
    #expect(proxied.0 == proxied.1 << 20 || proxied.0 == (proxied.1 + 1) << 20)
  }

  @Test func `a server that is not there is named, and the connection ends`() throws {
    let nobody = try freePort()
    let proxy = try ServerProgram("tcp-proxy", ["127.0.0.1", "\(nobody)"])
    let port = proxy.port
    try EventLoop.run {
      do {
        let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
        defer { writer.close() }
        #expect(try await reader.readToEnd() == [])
      } catch let error as StreamError {
        // The reset may be there before the connection is looked at.
        #expect(error.cause == .connectionReset)
      }
    }
    // The log's line: level, label, what it is about, and a message that is always the same.
    let line = try proxy.waitForError("a connection's handler threw")
    #expect(line.contains(" error fluvial: "))
    #expect(line.contains("error=No connection: 127.0.0.1:\(nobody)"))
    #expect(line.contains(" peer=127.0.0.1:"))
  }
}

/// A port at which nobody listens: the system has just given it and got it back.
func freePort() throws -> Int {
  try EventLoop.run {
    let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
    defer { server.close() }
    return server.localAddresses[0].port
  }
}

/// Closed until it is opened, once.
private actor Gate {
  private var isOpen = false
  private var waiters: [CheckedContinuation<Void, Never>] = []

  func open() {
    isOpen = true
    for waiter in waiters { waiter.resume() }
    waiters = []
  }

  func wait() async {
    if isOpen { return }
    await withCheckedContinuation { waiters.append($0) }
  }
}
