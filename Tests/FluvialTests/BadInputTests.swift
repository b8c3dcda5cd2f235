import FluvialTransports
import StreamTestSupport
import Testing

@testable import Fluvial

/// Arguments that cannot be meant: each is refused before the system sees it, by an error that names it.
@Suite struct BadInputTests {
  /// What is tried on a connection that is open, and what the error must say.
  private struct Attempt: Sendable {
    let what: String
    let names: String
    let body: @Sendable (StreamReader, StreamWriter) async throws -> Void
  }

  private static let longName = String(repeating: "n", count: 254)
  private static let longPath = "/tmp/" + String(repeating: "p", count: 103)
  private static let hosts = [("", "host \"\""), ("a\0b", "host"), (longName, "254 bytes")]
  private static let ports = [(-1, "port -1"), (65_536, "port 65536"), (.max, "port")]
  private static let paths = [
    ("", "unix path"), ("\0", "unix path"), ("/tmp/a\0b", "unix path"), (longPath, "108 bytes"),
  ]

  private static func attempt(
    _ what: String, _ names: String, _ body: @escaping @Sendable () async throws -> Void
  ) -> Attempt { Attempt(what: what, names: names) { _, _ in try await body() } }

  // MARK: Where to connect and to listen

  private static let addresses: [Attempt] =
    hosts.flatMap { host, names in
      [
        attempt("connect", names) { _ = try await openConnection(host: host, port: 80) },
        attempt("scope", names) { try await withConnection(host: host, port: 80) { _, _ in } },
        attempt("serve", names) { _ = try await startServer(host: host, port: 0) { _, _ in } },
        attempt("serve several", names) {
          _ = try await startServer(hosts: ["127.0.0.1", host], port: 0) { _, _ in }
        },
        attempt("resolve", names) {
          _ = try await EventLoop.chosen(nil).resolve(host: host, port: 1)
        },
        attempt("create connection", names) {
          _ = try await EventLoop.chosen(nil).createConnection(host: host, port: 1) { PauseLog() }
        },
      ]
    }
    + ports.flatMap { port, names in
      [
        attempt("connect", names) { _ = try await openConnection(host: "localhost", port: port) },
        attempt("serve", names) {
          _ = try await startServer(host: "127.0.0.1", port: port) { _, _ in }
        },
        attempt("serve all", names) { _ = try await startServer(port: port) { _, _ in } },
        attempt("resolve", names) {
          _ = try await EventLoop.chosen(nil).resolve(host: "127.0.0.1", port: port)
        },
        attempt("address", names) { _ = try SocketAddress(number: "127.0.0.1", port: port) },
      ]
    }
    + paths.flatMap { path, names in
      [
        attempt("connect", names) { _ = try await openConnection(unixPath: path) },
        attempt("scope", names) { try await withConnection(unixPath: path) { _, _ in } },
        attempt("serve", names) { _ = try await startServer(unixPath: path) { _, _ in } },
        attempt("serve, scope", names) {
          try await withServer(unixPath: path, handler: { _, _ in }) { _ in }
        },
        attempt("address", names) { _ = try SocketAddress(unixPath: path) },
      ]
    }
    + ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", ":::", "a\0b", "localhost"].map { number in
      attempt("number \(number)", "address") { _ = try SocketAddress(number: number, port: 1) }
    }

  // MARK: Options

  private static func server(_ change: @Sendable (inout ServerOptions) -> Void) async throws {
    var options = ServerOptions()
    change(&options)
    _ = try await startServer(host: "127.0.0.1", port: 0, options: options) { _, _ in }
  }

  private static let options: [Attempt] =
    [0, -1, .min].flatMap { limit in
      [
        attempt("connect", "limit") {
          _ = try await openConnection(host: "127.0.0.1", port: 9, limit: limit)
        },
        attempt("unix", "limit") {
          _ = try await openConnection(unixPath: "/tmp/x", limit: limit)
        },
        attempt("adopt", "limit") {
          let (ours, _) = try RawSocket.pair()
          _ = try await openConnection(adopting: ours, limit: limit)
        },
        attempt("pipe", "limit") { _ = try await openPipe(limit: limit) },
        attempt("reader", "limit") {
          _ = try await openReader(adopting: try pipeEnds().reading, limit: limit)
        },
        attempt("input", "limit") { _ = try await standardInput(limit: limit) },
        attempt("serve", "limit") { try await server { $0.limit = limit } },
        attempt("serve", "maxConnections") { try await server { $0.maxConnections = limit } },
        attempt("protocol", "limit") {
          _ = try StreamReaderProtocol(loop: EventLoop.chosen(nil), limit: limit)
        },
        attempt("process", "limit") { _ = try await startProcess("true", limit: limit) },
      ]
    } + [
      attempt("serve", "backlog of -1") { try await server { $0.listen.backlog = -1 } },
      attempt("serve", "mode -1") { try await server { $0.listen.unixMode = -1 } },
      attempt("serve", "mode 1000") { try await server { $0.listen.unixMode = 0o1000 } },
      attempt("serve, scope", "grace") {
        try await withServer(
          host: "127.0.0.1", port: 0, grace: .seconds(-1), handler: { _, _ in }
        ) { _ in }
      },
      attempt("process, scope", "grace") {
        try await withProcess("true", grace: .nanoseconds(-1)) { _ in }
      },
      attempt("adopt", "descriptor -1") { _ = try await openConnection(adopting: -1) },
      attempt("reader", "descriptor -1") { _ = try await openReader(adopting: -1) },
      attempt("writer", "descriptor -7") { _ = try await openWriter(adopting: -7) },
      attempt("marks", "low 2, high 1") { _ = try WriteBufferLimits(low: 2, high: 1) },
      attempt("marks", "low -1") { _ = try WriteBufferLimits(low: -1, high: 1) },
      attempt("marks", "high -8") { _ = try WriteBufferLimits(high: -8) },
      attempt("marks", "low -8") { _ = try WriteBufferLimits(low: -8) },
    ]

  // MARK: Reads, processes, signals, sockets

  private static let reads: [Attempt] = [
    Attempt(what: "up to", names: "count") { reader, _ in _ = try await reader.read(upTo: -1) },
    Attempt(what: "up to", names: "\(Int.min)") { reader, _ in
      _ = try await reader.read(upTo: .min)
    },
    Attempt(what: "exactly", names: "count") { reader, _ in _ = try await reader.read(exactly: -1)
    },
    Attempt(what: "peek", names: "count") { reader, _ in _ = try await reader.peek(-1) },
    Attempt(what: "into", names: "count") { reader, _ in
      var target: [UInt8] = []
      _ = try await reader.read(into: &target, upTo: -1)
    },
    Attempt(what: "to end", names: "limit") { reader, _ in
      _ = try await reader.readToEnd(limit: -1)
    },
    Attempt(what: "until", names: "separator") { reader, _ in
      _ = try await reader.read(until: [] as [UInt8])
    },
    Attempt(what: "until none", names: "separator") { reader, _ in
      _ = try await reader.read(until: [] as [[UInt8]])
    },
    Attempt(what: "until, one empty", names: "separator") { reader, _ in
      _ = try await reader.read(until: [[10], []])
    },
    Attempt(what: "skip", names: "separator") { reader, _ in try await reader.skip(past: []) },
    Attempt(what: "until", names: "length") { reader, _ in
      _ = try await reader.read(until: [10], maxLength: -1)
    },
    Attempt(what: "line", names: "length") { reader, _ in
      _ = try await reader.readLine(maxLength: -1)
    },
    Attempt(what: "line bytes", names: "length") { reader, _ in
      _ = try await reader.readLineBytes(maxLength: .min)
    },
    Attempt(what: "keep-alive", names: "keep-alive idle") { _, writer in
      let tcp = try #require(writer.transport?.value as? TCPTransport)
      try tcp.setKeepAlive(
        idle: .seconds(-1), interval: .seconds(1), count: 1, timeout: .seconds(1))
    },
    Attempt(what: "keep-alive", names: "keep-alive count") { _, writer in
      let tcp = try #require(writer.transport?.value as? TCPTransport)
      try tcp.setKeepAlive(
        idle: .seconds(1), interval: .seconds(1), count: -1, timeout: .seconds(1))
    },
    Attempt(what: "credentials", names: "unix socket") { _, writer in
      _ = try await writer.peerCredentials()
    },
  ]

  private static let processes: [Attempt] =
    ([-1, 0, 65, .max, 9] as [Int32]).map { number in
      attempt("signal \(number)", "signal \(number)") {
        let loop = try EventLoop.chosen(nil)
        _ = try await loop.signals(Signal(rawValue: number)).next()
      }
    } + [
      attempt("program", "without a name") { _ = try await startProcess("") },
      attempt("program", "NUL") { _ = try await startProcess("tr\0ue") },
      attempt("argument", "NUL") { _ = try await startProcess("true", ["a\0b"]) },
      attempt("variable", "environment variable") {
        _ = try await startProcess("true", environment: ["": "x"])
      },
      attempt("variable", "environment variable") {
        _ = try await startProcess("true", environment: ["a=b": "x"])
      },
      attempt("value", "NUL") { _ = try await startProcess("true", environment: ["a": "\0"]) },
      attempt("directory", "directory") { _ = try await startProcess("true", directory: "") },
      attempt("directory", "NUL") { _ = try await startProcess("true", directory: "/\0") },
      attempt("descriptor", "descriptor -5") {
        _ = try await startProcess("true", input: .descriptor(-5))
      },
      attempt("input", "standard error") {
        _ = try await startProcess("true", input: .standardOutput)
      },
      attempt("output", "limit") {
        try await withProcess("true") { _ = try await $0.communicate(limit: -1) }
      },
      attempt("output", "no pipe") {
        try await withProcess("true", input: .null) { _ = try await $0.communicate(input: [1]) }
      },
    ]

  @Test func `every argument that cannot be meant is refused and named`() throws {
    try onLoop(within: .seconds(60)) {
      let listener = try RawListener()
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: listener.port)
      let peer = try await listener.accept()
      try peer.send("still here")
      for attempt in Self.addresses + Self.options + Self.reads + Self.processes {
        let (what, names) = (attempt.what, attempt.names)
        do {
          try await attempt.body(reader, writer)
          Issue.record("\(what), \(names): accepted")
        } catch let error as StreamError {
          #expect(error.code == .invalidArgument, "\(what), \(names)")
          #expect(error.message.contains(names), "\(what): \(error.message)")
        } catch let error as UVError {
          #expect(error == .invalidArgument || error == .nameTooLong, "\(what), \(names)")
          #expect(error.description.contains(names), "\(what): \(error)")
        }
      }
      // None of them harmed the connection.
      #expect(try await reader.read(exactly: 10).text == "still here")
      writer.abort()
      _ = await writer.waitClosed()
    }
  }

  @Test func `numbers that mean nothing where nothing can be thrown count as zero`() throws {
    try onLoop {
      let stream = try await StalledStream()
      stream.writer.hardLimit = -1
      stream.writer.hardLimit = .min
      let transport = try #require(stream.writer.transport?.value)
      #expect(throws: UVError.noBufferSpace) { try transport.write([1]) }
      stream.writer.setLingerTime(.seconds(-5))
      _ = try await stream.fillToPause()
      stream.writer.close()
      #expect(await stream.writer.waitClosed() == .aborted(.timedOut))
      stream.peer.close()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, _ in
        _ = try await reader.readToEnd()
      }
      let client = try RawSocket.connect(port: server.localAddresses[0].port)
      try await eventually("it is handled") { server.connectionCount == 1 }
      await server.shutdown(grace: .seconds(-1))
      await server.waitClosed()
      client.close()
      await #expect(throws: TimeoutError.self) {
        try await withTimeout(.seconds(-1)) {
          try await EventLoop.current?.clock.sleep(for: .seconds(3600))
        }
      }
    }
  }
}
