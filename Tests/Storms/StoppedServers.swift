import CheckRows
import Fluvial
import FluvialTransports
import StreamTestSupport

/// C4.
func stoppedServers(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let count = options.pick(quick: 100, full: 2_000)
  let (longest, left) = try EventLoop.run {
    _ = try await StoppedServer().run()
    let before = Leftovers()
    let longest = try await ServerStorm(count: count).run()
    return (longest, try await Leftovers.settled(beyond: before))
  }
  let limit = StoppedServer.grace * 3 / 2
  return check.row(
    held: left == (0, 0) && longest < limit,
    figure: "\(count) servers, the slowest stop \(longest / .milliseconds(1)) ms; " + leaves(left),
    threshold: "each under \(limit / .milliseconds(1)) ms (grace \(StoppedServer.grace)), 0 left")
}

/// Servers started and stopped, twenty at a time.
struct ServerStorm: Sendable {
  let count: Int

  /// The longest that a stop took.
  func run() async throws -> Duration {
    try await withThrowingTaskGroup(of: Duration.self) { group in
      var started = 0
      var longest = Duration.zero
      while started < min(20, count) {
        started += 1
        group.addTask { try await StoppedServer().run() }
      }
      while let took = try await group.next() {
        longest = max(longest, took)
        if started < count {
          started += 1
          group.addTask { try await StoppedServer().run() }
        }
      }
      return longest
    }
  }
}

/// One server, with a connection in each stage when it is stopped.
struct StoppedServer: Sendable {
  static let grace = Duration.milliseconds(500)

  func run() async throws -> Duration {
    let served = Flag()
    var options = ServerOptions()
    options.onHandlerError = { _ in }
    let server = try await startServer(host: "127.0.0.1", port: 0, options: options) {
      try await Self.serve($0, $1, served)
    }
    let port = server.localAddresses.first?.port ?? 0
    // Silent; waiting for more; deaf while it is written to; ended its side; answered and not read.
    var clients: [RawSocket] = [try .connect(port: port)]
    for stage in ["i", "w", "e", "f"] {
      let client = try RawSocket.connect(port: port)
      try client.send(stage)
      if stage == "e" { client.endSending() }
      clients.append(client)
    }
    // Reset by the peer.
    let reset = try RawSocket.connect(port: port)
    try reset.send("i")
    reset.reset()
    try await eventually("handlers run") { served.count >= 4 }
    // In the backlog, not accepted yet.
    clients.append(try RawSocket.connect(port: port))
    let clock = server.loop.clock
    let start = clock.now
    guard await server.shutdown(grace: Self.grace) else {
      throw CheckFailure("A server did not stop within its grace.")
    }
    let took = start.duration(to: clock.now)
    for client in clients { client.close() }
    return took
  }

  private static func serve(_ reader: StreamReader, _ writer: StreamWriter, _ served: Flag)
    async throws
  {
    guard let stage = try await reader.read(upTo: 1) else { return }
    served.raise()
    switch stage {
    case [UInt8(ascii: "w")]:
      while true { try await writer.write([UInt8](repeating: 120, count: 256 * 1024)) }
    case [UInt8(ascii: "f")]: try await writer.write([UInt8](repeating: 120, count: 1 << 20))
    default: _ = try await reader.readToEnd()
    }
  }
}
