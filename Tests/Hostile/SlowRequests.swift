import CheckRows
import Fluvial
import StreamTestSupport

/// S6.
func slowRequests(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let deadline = options.pick(quick: Duration.seconds(3), full: .seconds(10))
  let slow = options.pick(quick: 500, full: 2_000)
  let outcome = try Attack.run(deadline: deadline) {
    try await $0.requestSlowly(slow, good: 50, deadline: deadline)
  }.result
  let range = deadline * 9 / 10...deadline * 11 / 10
  return check.row(
    held: outcome.p99 < .milliseconds(20) && range.contains(outcome.first)
      && range.contains(outcome.last) && outcome.growthKiB <= 16 * slow,
    figure: "\(slow) slow ones dropped after \(outcome.first / .seconds(1)) to "
      + "\(outcome.last / .seconds(1)) s, \(outcome.growthKiB * 1_024 / slow) bytes each; "
      + "\(outcome.answers) good answers, p99 \(outcome.p99 / .milliseconds(1)) ms",
    threshold: "\(deadline) ± 10 %, 16 KiB each, p99 under 20 ms")
}

extension Attack {
  struct SlowOutcome: Sendable {
    var growthKiB = 0
    /// When the first and the last slow one was dropped, after its connect.
    var first = Duration.seconds(1_000)
    var last = Duration.zero
    var answers = 0
    var p99 = Duration.zero
  }

  /// Slow ones send a byte now and then and never finish their line; good ones ask and are answered meanwhile.
  func requestSlowly(_ count: Int, good: Int, deadline: Duration) async throws -> SlowOutcome {
    var outcome = SlowOutcome()
    let delays = Record<Duration>()
    let isOver = Flag()
    let asking = start {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<good {
          group.addTask { while !isOver.isRaised { delays.add(try await ask()) } }
        }
        try await group.waitForAll()
      }
    }
    let lives = Record<Duration>()
    outcome.growthKiB = try await growthKiB {
      var peers: [(socket: RawSocket, since: LoopClock.Instant)] = []
      for _ in 0..<count {
        peers.append((try RawSocket.connect(port: ports.streams), clock.now))
        if peers.count.isMultiple(of: 50) { try await clock.sleep(for: .milliseconds(1)) }
      }
      var round = 0
      let end = clock.now.advanced(by: deadline * 2)
      while !peers.isEmpty, clock.now < end {
        round += 1
        peers = peers.filter { peer in
          if round.isMultiple(of: 20) { _ = try? peer.socket.send("x") }
          guard Self.hasGone(peer.socket) else { return true }
          lives.add(peer.since.duration(to: clock.now))
          return false
        }
        try await clock.sleep(for: .milliseconds(20))
      }
      guard peers.isEmpty else { throw CheckFailure("\(peers.count) slow ones were kept.") }
    }
    isOver.raise()
    try await asking.value
    outcome.first = lives.all.min() ?? .zero
    outcome.last = lives.all.max() ?? .zero
    let sorted = delays.all.sorted()
    outcome.answers = sorted.count
    outcome.p99 = sorted.isEmpty ? .seconds(1_000) : sorted[sorted.count * 99 / 100]
    return outcome
  }

  /// Whether the server has ended the connection, by an end or by a reset.
  private static func hasGone(_ socket: RawSocket) -> Bool {
    do { return try socket.receive(upTo: 16)?.isEmpty ?? false } catch { return true }
  }

  /// How long an answer took.
  private func ask() async throws -> Duration {
    let took = try await withConnection(host: "127.0.0.1", port: ports.streams) { reader, writer in
      let start = clock.now
      try await writer.write("echo good\n")
      guard try await reader.readLine() == "echo good" else {
        throw CheckFailure("A good request was answered otherwise.")
      }
      return start.duration(to: clock.now)
    }
    try await clock.sleep(for: .milliseconds(20))
    return took
  }
}
