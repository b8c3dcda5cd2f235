import CheckRows
import Fluvial
import FluvialTransports
import StreamTestSupport

/// C3.
func cancelledConnects(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let count = options.pick(quick: 2_000, full: 20_000)
  let seed = options.seed
  let (tally, left) = try EventLoop.run {
    // What the runtime opens for itself on first use is not counted: libdispatch polls once it has had a timer.
    try await withTimeout(.seconds(60), clock: ContinuousClock()) {}
    _ = try await ConnectStorm(count: 40, seed: seed).run()
    let before = Leftovers()
    let tally = try await ConnectStorm(count: count, seed: seed).run()
    return (tally, try await Leftovers.settled(beyond: before))
  }
  return check.row(
    held: left == (0, 0) && min(tally.connected, tally.refused, tally.cancelled) > count / 50,
    figure: "\(tally.connected) connected, \(tally.refused) refused, \(tally.cancelled) cancelled; "
      + leaves(left) + " (seed \(seed))",
    threshold: "0 left; at least \(count / 50) of each")
}

/// Connects to somebody who accepts, to nobody, and to a hole that never answers.
struct ConnectStorm: Sendable {
  let count: Int
  let seed: UInt64

  struct Tally: Sendable {
    var connected = 0
    var refused = 0
    var cancelled = 0
  }

  func run() async throws -> Tally {
    let hole = try BlackHole()
    defer { withExtendedLifetime(hole) {} }
    // A port that is free again, and refuses.
    let refusing = try RawListener().port
    return try await withServer(host: "127.0.0.1", port: 0) { reader, _ in
      _ = try? await reader.readToEnd()
    } _: { server in
      let ports = [server.localAddresses.first?.port ?? 0, refusing, hole.port]
      return try await connect(to: ports)
    }
  }

  private func connect(to ports: [Int]) async throws -> Tally {
    var random = SeededGenerator(seed: seed)
    var tally = Tally()
    for _ in 0..<count {
      let port = ports.randomElement(using: &random) ?? 0
      let task = start {
        let (_, writer) = try await openConnection(host: "127.0.0.1", port: port)
        writer.abort()
        _ = await writer.waitClosed()
      }
      var point = CancelPoint.draw(&random)
      // Who is never answered must be cancelled.
      if port == ports[2], case .never = point { point = .beforeItStarts }
      await point.cancel(task)
      do {
        try await task.value
        tally.connected += 1
      } catch is CancellationError { tally.cancelled += 1 } catch let error as StreamError {
        guard error.code == .connectFailed, port == ports[1] else { throw error }
        tally.refused += 1
      }
    }
    return tally
  }
}
