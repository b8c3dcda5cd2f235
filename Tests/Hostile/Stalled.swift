import CheckRows
import Fluvial
import StreamTestSupport

/// S1.
func neverReads(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let time = options.pick(quick: Duration.seconds(2), full: .seconds(60))
  let growths = try Attack.run { try await $0.neverRead(for: time / Victim.waysThatWait) }.result
  return check.row(
    held: (growths.max() ?? .max) < 1_024,
    figure: "\(time) in all; KiB more, by way: \(growths)", threshold: "each under 1,024 KiB")
}

/// S2.
func heedless(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let growths = try Attack.run { try await $0.writeHeedlessly() }.result
  return check.row(
    held: (growths.max() ?? .max) < 18 * 1_024,
    figure:
      "refused at 16 MiB by the transport, at the high mark by the streams; KiB more, by way: "
      + "\(growths)",
    threshold: "refused; each under 18,432 KiB")
}

/// S3.
func slowConsumers(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let time = options.pick(quick: Duration.seconds(3), full: .seconds(20))
  let growth = try Attack.run { try await $0.consumeSlowly(1_000, for: time) }.result
  return check.row(
    held: growth < 80_000, figure: "\(growth) KiB more for \(time)", threshold: "under 80,000 KiB")
}

extension Attack {
  /// What each way of writing that waits cost, in KiB.
  func neverRead(for time: Duration) async throws -> [Int] {
    // What is allocated once is not a peer's doing.
    let first = try connect("write 0")
    try await clock.sleep(for: .milliseconds(100))
    first.reset()
    var growths: [Int] = []
    for way in 0..<Victim.waysThatWait {
      growths.append(
        try await growthKiB {
          let peer = try connect("write \(way)")
          try await clock.sleep(for: time)
          peer.reset()
        })
    }
    return growths
  }

  /// What each way of writing that does not wait cost, in KiB.
  func writeHeedlessly() async throws -> [Int] {
    var growths: [Int] = []
    for way in 0..<Victim.waysThatDoNot {
      growths.append(
        try await growthKiB {
          let peer = try RawSocket.connect(port: ports.protocols)
          try peer.send("\(way)")
          let said = try await nextLine().split(separator: " ")
          guard said.count == 3, let held = Int(said[1]), held > 15 << 20, held <= 16 << 20,
            said[2] == "ENOBUFS"
          else { throw CheckFailure("Way \(way) ended with \(said).") }
          peer.reset()
        })
    }
    for way in 0..<2 {
      growths.append(
        try await growthKiB {
          let peer = try connect("try \(way)")
          try await clock.sleep(for: .milliseconds(200))
          peer.reset()
        })
    }
    return growths
  }

  /// What so many peers cost that take a little now and then, in KiB.
  func consumeSlowly(_ count: Int, for time: Duration) async throws -> Int {
    try await growthKiB {
      // The kernel holds little, so that it is the server that must.
      let peers = try (0..<count).map { _ in try connect("write 0", buffers: 4_096) }
      let end = clock.now.advanced(by: time)
      while clock.now < end {
        for peer in peers { _ = try peer.receive(upTo: 512) }
        try await clock.sleep(for: .milliseconds(100))
      }
      for peer in peers { peer.reset() }
    }
  }
}
