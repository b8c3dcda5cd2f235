import CheckRows
import Fluvial

/// M8: a turn of the loop runs what was ready when it began and no more, so that timers get their share.
func timerUnderLoad(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let period = Duration.milliseconds(5)
  let wanted = 400
  let (ticks, worst) = try EventLoop.run {
    let loop = EventLoop.current ?? .shared
    let clock = loop.clock
    return try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask { while !Task.isCancelled { await Task.yield() } }
      }
      let ticker = Ticker(loop, every: period)
      ticker.start()
      try await clock.sleep(for: period * wanted + period / 2)
      group.cancelAll()
      return (ticker.ticks, ticker.worstGap)
    }
  }
  return check.row(
    held: ticks * 100 >= wanted * 95,
    figure: "\(ticks) of \(wanted) ticks, the worst gap \(tenths(worst)) ms",
    threshold: "at least 95 %")
}

private func tenths(_ gap: Duration) -> String {
  let tenths = Int(gap / .microseconds(100))
  return "\(tenths / 10).\(tenths % 10)"
}

/// A timer that sets itself again for a fixed time after the one before; the loop's thread only.
private final class Ticker {
  private let loop: EventLoop
  private let period: Duration
  private var next: LoopClock.Instant
  private var last: LoopClock.Instant
  private(set) var ticks = 0
  private(set) var worstGap = Duration.zero

  init(_ loop: EventLoop, every period: Duration) {
    self.loop = loop
    self.period = period
    last = loop.clock.now
    next = last.advanced(by: period)
  }

  func start() {
    let me = LoopBound(self, on: loop)
    loop.schedule(at: next) { me.value.tick() }
  }

  private func tick() {
    ticks += 1
    let now = loop.clock.now
    worstGap = max(worstGap, last.duration(to: now))
    last = now
    next = next.advanced(by: period)
    start()
  }
}
