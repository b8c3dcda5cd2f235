import CheckRows
import Fluvial
import StreamTestSupport

/// L3.
func traffic(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let duration = Soak.traffic.duration(options)
  // Twenty million in thirty minutes; seconds are no measure of a rate.
  let wanted = options.pick(quick: 1, full: 1_000_000, soak: 20_000_000)
  return try trafficRow(
    check, options, connections: 1_000, duration, wanted: wanted, drift: 2)
}

/// L4.
func shortTraffic(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  try trafficRow(
    check, options, connections: 200, options.pick(quick: .seconds(3), full: .seconds(60)),
    wanted: 1, drift: 2)
}

/// L7.
func longTraffic(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  guard options.size == .soak else { return check.skipped("takes twelve hours: --soak L7") }
  return try trafficRow(
    check, options, connections: 1_000, Soak.twelveHours, wanted: 480_000_000, drift: 1)
}

private func trafficRow(
  _ check: Check, _ options: CheckOptions, connections: Int, _ duration: Duration, wanted: Int,
  drift percent: Int
) throws -> CheckRow {
  let pump = Pump(duration: duration, most: 1 << 20, seed: options.seed)
  let (here, there, memory) = try EventLoop.run {
    let (outcome, summary) = try await Peer.beside("pump", pump) { peer in
      try await bothWays(peer, pump, connections: connections)
    }
    return (outcome.count, summary, outcome.memory)
  }
  let frames = here.received + there.count.received
  let isWhole =
    there.failures == 0 && there.connections == connections
    && here.sent == there.count.received && here.received == there.count.sent
  // The first fills of buffers take longer than these sizes last.
  let isLong = duration >= .seconds(60)
  return check.row(
    held: isWhole && frames >= wanted && (!isLong || memory.holds(percent: percent, orKiB: 0)),
    figure: "\(connections) connections for \(duration): \(frames) frames, \(there.failures) bad "
      + "(\(there.firstFailure)), every checksum right; \(memory) (seed \(options.seed))",
    threshold: "0 lost, reordered or doubled; at least \(wanted) frames"
      + (isLong ? "; drift under \(percent) %" : ""))
}

private func bothWays(
  _ peer: Peer, _ pump: Pump, connections: Int
) async throws -> (count: Pump.Count, memory: MemoryTrack) {
  let clock = peer.process.loop.clock
  return try await withThrowingTaskGroup(of: Pump.Count.self) { group in
    let start = clock.now
    for number in 0..<connections {
      group.addTask {
        let pump = Pump(
          duration: pump.duration, most: pump.most, seed: pump.seed &* 7_919 &+ UInt64(number))
        return try await withConnection(host: "127.0.0.1", port: peer.port) {
          try await pump.run($0, $1)
        }
      }
    }
    let processes = ["self", "\(peer.process.processID)"]
    let memory = try await MemoryTrack.take(
      from: start.advanced(by: pump.duration / 10), to: start.advanced(by: pump.duration),
      of: processes)
    return (try await group.reduce(Pump.Count(), +), memory)
  }
}
