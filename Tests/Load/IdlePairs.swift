import CheckRows
import Fluvial

/// L2.
func idlePairs(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let pairs = options.pick(quick: 1_000, full: 9_000)
  let duration = Soak.idle.duration(options)
  let (beats, memory) = try EventLoop.run {
    try await withServer(host: "127.0.0.1", port: 0) { reader, writer in
      while let some = try await reader.read(upTo: 16) { try await writer.write(some) }
    } _: { server in
      try await IdlePairs(
        count: pairs, port: server.localAddresses.first?.port ?? 0, duration: duration
      ).run()
    }
  }
  let allowed = options.pick(quick: 512, full: 0)
  return check.row(
    held: memory.holds(percent: 1, orKiB: allowed) && beats >= pairs * 50,
    figure: "\(pairs) pairs for \(duration), \(beats) heartbeats, 0 lost, \(memory)",
    threshold: "0 lost, drift of the last two thirds under 1 %"
      + (allowed > 0 ? " or \(allowed) KiB" : ""))
}

private struct IdlePairs: Sendable {
  let count: Int
  let port: Int
  let duration: Duration

  func run() async throws -> (beats: Int, memory: MemoryTrack) {
    let clock = (EventLoop.current ?? .shared).clock
    return try await withThrowingTaskGroup(of: Int.self) { group in
      let start = clock.now.advanced(by: .seconds(1))
      let end = start.advanced(by: duration)
      for number in 0..<count {
        group.addTask { try await beat(number, from: start, to: end) }
      }
      let memory = try await MemoryTrack.take(from: start, to: end, of: ["self"])
      let beats = try await group.reduce(0, +)
      return (beats, memory)
    }
  }

  /// A byte each way, sixty times, each pair at another moment.
  private func beat(
    _ number: Int, from start: LoopClock.Instant, to end: LoopClock.Instant
  ) async throws -> Int {
    try await withConnection(host: "127.0.0.1", port: port) { reader, writer in
      let clock = writer.loop.clock
      let period = duration / 60
      var beats = 0
      var next = start.advanced(by: period * number / count)
      while next < end {
        try await clock.sleep(until: next, tolerance: nil)
        let byte = UInt8(truncatingIfNeeded: number &+ beats)
        try await writer.write([byte])
        guard try await reader.read(exactly: 1) == [byte] else {
          throw CheckFailure("Pair \(number) lost heartbeat \(beats).")
        }
        beats += 1
        next = next.advanced(by: period)
      }
      return beats
    }
  }
}
