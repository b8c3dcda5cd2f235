import Fluvial
import FluvialPrimitives
import FluvialTransports
import Glibc

/// A timer each 10 ms that notes what the loop did to it: the watchdog of a stalled loop.
///
/// Reads the wall clock each time, so that one that jumps can show. On the loop; the summary from any thread.
final class Ticker: Sendable {
  private struct Notes {
    var due: LoopClock.Instant?
    var last: LoopClock.Instant?
    var count = 0
    var early = 0
    var stalls = 0
    var bunched = 0
  }

  private let notes = Lock(Notes())

  func start(on loop: EventLoop) {
    let due = loop.clock.now.advanced(by: .milliseconds(10))
    notes.withLock { $0.due = due }
    loop.schedule(at: due) { [self] in
      fired(at: loop.clock.now)
      start(on: loop)
    }
  }

  private func fired(at now: LoopClock.Instant) {
    _ = time(nil)
    notes.withLock { notes in
      notes.count += 1
      if let due = notes.due, now < due { notes.early += 1 }
      if let last = notes.last {
        let gap = last.duration(to: now)
        if gap > .milliseconds(150) { notes.stalls += 1 }
        if gap < .milliseconds(9) { notes.bunched += 1 }
      }
      notes.last = now
    }
  }

  /// "count N early N stalls N bunched N".
  var summary: String {
    notes.withLock {
      "count \($0.count) early \($0.early) stalls \($0.stalls) bunched \($0.bunched)"
    }
  }
}

/// Something that happens once, and those who wait for it.
final class Flag: Sendable {
  private struct State {
    var isUp = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Lock(State())

  func raise() {
    let waiting = state.withLock { state in
      state.isUp = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isUp = state.withLock { state in
        if !state.isUp { state.waiting.append(continuation) }
        return state.isUp
      }
      if isUp { continuation.resume() }
    }
  }
}
