import CheckRows
import Fluvial

/// The memory of some processes over time, and whether it grows.
struct MemoryTrack: Sendable, CustomStringConvertible {
  private var samples: [Int] = []
  /// By how much a look came after its time, at worst: what else the loop did until then.
  private(set) var latest = Duration.zero

  /// Enough for three parts that each say something.
  private static let fewest = 12

  /// A sample ten times a second, or a thousand in all.
  static func take(
    from start: LoopClock.Instant, to end: LoopClock.Instant, of processes: [String]
  ) async throws -> MemoryTrack {
    let clock = (EventLoop.current ?? .shared).clock
    let pause = max(.milliseconds(100), start.duration(to: end) / 1_000)
    var track = MemoryTrack()
    try await clock.sleep(until: start, tolerance: nil)
    while clock.now < end {
      track.samples.append(
        try processes.reduce(0) { try $0 + ProcessFigures.residentKiB(of: $1) })
      let due = clock.now.advanced(by: pause)
      try await clock.sleep(until: due, tolerance: nil)
      track.latest = max(track.latest, due.duration(to: clock.now))
    }
    return track
  }

  /// How much more there was at least in the last third than in the second, in KiB.
  ///
  /// What always stays: what is on the way at a moment, frames of up to 1 MiB, differs by more than a leak.
  private var drift: Int { least(samples.suffix(samples.count / 3)) - middle }

  private var middle: Int {
    least(samples.dropFirst(samples.count / 3).prefix(samples.count / 3))
  }

  private func least(_ part: ArraySlice<Int>) -> Int { part.min() ?? 0 }

  /// Whether it stayed, to within a part or an amount.
  ///
  /// Not with a handful of samples: a loop that never let the sampler run has shown nothing.
  func holds(percent: Int, orKiB allowed: Int) -> Bool {
    samples.count >= Self.fewest && (drift * 100 <= middle * percent || drift <= allowed)
  }

  var description: String {
    guard samples.count >= Self.fewest else {
      return "memory looked at only \(samples.count) times, at least \(Self.fewest) needed"
    }
    let hundredths = drift * 10_000 / max(middle, 1)
    return "memory at least \(middle) KiB, then \(drift) more (\(Double(hundredths) / 100) %), "
      + "looked at \(samples.count) times, at most \(Int(latest / .milliseconds(1))) ms late"
  }
}
