internal import FluvialPrimitives

/// A call that a loop will make at its time, unless it is cancelled first.
///
/// asyncio's `TimerHandle`. Any thread may hold and cancel it. Dropping it does not cancel.
public final class ScheduledCall {
  let deadline: UInt64
  private let core: LoopCore
  private let body: Lock<(() -> Void)?>
  private let onDrop: (@Sendable () -> Void)?

  /// Where it stands in the loop's heap, and since when; the loop's thread only.
  var place: Int?
  var sequence: UInt64 = 0

  /// `onDrop` is called in place of `body` when the loop ends before the time has come.
  init(
    core: LoopCore, deadline: UInt64, onDrop: (@Sendable () -> Void)? = nil,
    body: sending @escaping () -> Void
  ) {
    self.core = core
    self.deadline = deadline
    self.onDrop = onDrop
    self.body = Lock(body)
  }

  /// Makes sure that the call is not made, if it was not made yet.
  ///
  /// On the loop's thread that is certain from now on; from another thread the call may be under way. A second call does
  /// nothing.
  public func cancel() {
    // The closure may own anything, so it is let go outside the lock.
    let dropped = takeBody()
    guard dropped != nil else { return }
    if core.isCurrent {
      unsafe core.local.pointee.timers.remove(self)
    } else {
      core.submit(.call { [self] in unsafe core.local.pointee.timers.remove(self) })
    }
  }

  func enter() {
    if core.isCurrent {
      insert()
    } else {
      core.submit(.call { [self] in if body.withLock({ $0 != nil }) { insert() } })
    }
  }

  private func insert() {
    // A loop that is ending turns no more for it.
    guard unsafe core.local.pointee.phase == .open else { return drop() }
    unsafe core.local.pointee.timers.insert(self)
  }

  /// The loop has ended before its time came.
  func drop() {
    if takeBody() != nil { onDrop?() }
  }

  func fire() { takeBody()?() }

  private func takeBody() -> (() -> Void)? {
    body.withLock { body in
      let taken = body
      body = nil
      return taken
    }
  }
}

// Place and sequence belong to the loop's thread; everything else is constant or under the lock.
extension ScheduledCall: @unchecked Sendable {}
