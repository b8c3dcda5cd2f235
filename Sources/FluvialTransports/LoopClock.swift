internal import FluvialPrimitives

/// The clock of an ``EventLoop``: monotonic, with a sleep that is a timer of the loop.
public struct LoopClock: Clock, Sendable {
  /// A moment on a loop's clock; all loops of a process count alike.
  public struct Instant: InstantProtocol, Hashable, Sendable {
    /// Since an arbitrary origin; saturates instead of overflowing.
    let nanoseconds: UInt64

    /// This moment moved by `duration`.
    public func advanced(by duration: Duration) -> Instant {
      Instant(nanoseconds: nanoseconds.moved(by: duration.wholeNanoseconds))
    }

    /// How far it is from here to `other`.
    public func duration(to other: Instant) -> Duration {
      .nanoseconds(Int64(truncatingIfNeeded: other.nanoseconds &- nanoseconds))
    }

    /// Whether `left` is the earlier.
    public static func < (left: Instant, right: Instant) -> Bool {
      left.nanoseconds < right.nanoseconds
    }
  }

  let core: LoopCore

  /// The present moment.
  public var now: Instant { Instant(nanoseconds: core.now) }

  /// A millisecond: what libuv's timers count in.
  public var minimumResolution: Duration { .milliseconds(1) }

  /// Waits until `deadline`, never less.
  ///
  /// Throws `CancellationError` as soon as the task is cancelled or the loop ends, and leaves no timer behind.
  ///
  /// `tolerance` is not used.
  public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    let wait = SleepWait()
    let call = ScheduledCall(core: core, deadline: deadline.nanoseconds) {
      // The loop is ending: nobody else would wake the sleeper.
      wait.cancel()
    } body: {
      wait.finish()
    }
    let inTime = await withTaskCancellationHandler {
      unsafe await withUnsafeContinuation { continuation in
        guard unsafe wait.park(continuation) else { return }
        call.enter()
      }
    } onCancel: {
      wait.cancel()
      call.cancel()
    }
    guard inTime else { throw CancellationError() }
  }
}

/// One sleep: idle -> parked -> done; idle -> done when it is cancelled first.
private final class SleepWait: Sendable {
  @safe private enum State {
    case idle
    case parked(UnsafeContinuation<Bool, Never>)
    case done
  }

  private let state = Lock(State.idle)

  /// Whether there is anything to wait for; if not, the continuation has been resumed.
  func park(_ continuation: UnsafeContinuation<Bool, Never>) -> Bool {
    let waits = state.withLock { state in
      guard case .idle = state else { return false }
      state = unsafe .parked(continuation)
      return true
    }
    if !waits { unsafe continuation.resume(returning: false) }
    return waits
  }

  func finish() { end(inTime: true) }
  func cancel() { end(inTime: false) }

  private func end(inTime: Bool) {
    let parked: UnsafeContinuation<Bool, Never>? = unsafe state.withLock { state in
      defer { state = .done }
      guard case .parked(let continuation) = state else { return nil }
      return unsafe continuation
    }
    unsafe parked?.resume(returning: inTime)
  }
}

extension Duration {
  /// Rounded up, saturating: timers never fire early.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let part = attoseconds / 1_000_000_000 + (attoseconds % 1_000_000_000 > 0 ? 1 : 0)
    let (sum, overflowed) = scaled.addingReportingOverflow(part)
    return overflowed ? (scaled < 0 ? .min : .max) : sum
  }
}

extension UInt64 {
  fileprivate func moved(by offset: Int64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(UInt64(bitPattern: offset))
    // A negative offset wraps around on purpose; only leaving the range at the far end saturates.
    if offset >= 0 { return overflow ? .max : sum }
    return overflow ? sum : 0
  }
}
