import CheckRows
import Fluvial
import StreamTestSupport

/// L1.
func burst(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let count = options.pick(quick: 2_000, full: 8_000)
  let outcome = try EventLoop.run {
    let pump = Pump(duration: .zero, most: 1, seed: options.seed)
    return try await Peer.beside("echo", pump) { peer in
      try await Burst(count: count, peer: peer).run()
    }.result
  }
  return check.row(
    held: outcome.echoed == count && outcome.connecting < .seconds(2)
      && max(outcome.serverKiB, outcome.clientKiB) <= 10 * count && outcome.descriptors == 0,
    figure:
      "\(outcome.echoed) of \(count), connected in \(outcome.connecting / .milliseconds(1)) ms, "
      + "\(outcome.serverKiB * 1_024 / count) bytes each at the server and "
      + "\(outcome.clientKiB * 1_024 / count) here, \(outcome.descriptors) descriptors left",
    threshold: "all, under 2 s, at most 10 KiB each, 0 left")
}

private struct Burst: Sendable {
  let count: Int
  let peer: Peer

  struct Outcome: Sendable {
    var echoed = 0
    var connecting = Duration.zero
    var serverKiB = 0
    var clientKiB = 0
    var descriptors = 0
  }

  func run() async throws -> Outcome {
    let process = "\(peer.process.processID)"
    let clock = peer.process.loop.clock
    let before = try ProcessFigures.count("fd", of: process)
    let server = try ProcessFigures.residentKiB(of: process)
    let here = try ProcessFigures.residentKiB()
    let connected = Flag()
    let mayGoOn = Flag()
    var outcome = Outcome()
    outcome.echoed = try await withThrowingTaskGroup(of: Void.self) { group in
      let start = clock.now
      for _ in 0..<count {
        group.addTask { try await echo(connected, mayGoOn) }
      }
      while connected.count < count { try await clock.sleep(for: .milliseconds(1)) }
      outcome.connecting = start.duration(to: clock.now)
      // Until the server has accepted the last of them.
      while try ProcessFigures.count("fd", of: process) < before + count {
        try await clock.sleep(for: .milliseconds(5))
      }
      outcome.serverKiB = try ProcessFigures.residentKiB(of: process) - server
      outcome.clientKiB = try ProcessFigures.residentKiB() - here
      mayGoOn.raise()
      return try await group.reduce(0) { sum, _ in sum + 1 }
    }
    let end = clock.now.advanced(by: .seconds(5))
    repeat {
      outcome.descriptors = try ProcessFigures.count("fd", of: process) - before
      try await clock.sleep(for: .milliseconds(5))
    } while outcome.descriptors != 0 && clock.now < end
    return outcome
  }

  private func echo(_ connected: Flag, _ mayGoOn: Flag) async throws {
    try await withConnection(host: "127.0.0.1", port: peer.port) { reader, writer in
      connected.raise()
      while !mayGoOn.isRaised { try await reader.loop.clock.sleep(for: .milliseconds(50)) }
      try await writer.write(pattern(64, from: connected.count))
      _ = try await reader.read(exactly: 64)
    }
  }
}
