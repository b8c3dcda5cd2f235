internal import FluvialPrimitives

/// One wait for one answer that may come from the loop, and may be given up by cancellation.
///
/// idle -> parked -> done; idle -> done when the answer or the cancellation is first. Whoever is first wins, and the task
/// is resumed once.
package final class OneShotWait<Value: Sendable>: Sendable {
  private typealias Continuation = UnsafeContinuation<Value, Never>

  @safe private enum State {
    case idle
    case parked(Continuation)
    case done(Value?)
  }

  private let state = Lock(State.idle)

  package init() {}

  /// Waits for ``finish(_:)``.
  package func wait() async -> Value {
    unsafe await withUnsafeContinuation { continuation in
      let early: Value? = state.withLock { state in
        guard case .done(let value) = state else {
          state = unsafe .parked(continuation)
          return nil
        }
        return value
      }
      if let early { unsafe continuation.resume(returning: early) }
    }
  }

  /// Answers; returns whether this was the first answer.
  @discardableResult
  package func finish(_ value: Value) -> Bool {
    let (isFirst, parked): (Bool, Continuation?) = unsafe state.withLock { state in
      switch state {
      case .idle:
        state = .done(value)
        return (true, nil)
      case .parked(let continuation):
        state = .done(nil)
        return (true, unsafe continuation)
      case .done: return (false, nil)
      }
    }
    unsafe parked?.resume(returning: value)
    return isFirst
  }
}
