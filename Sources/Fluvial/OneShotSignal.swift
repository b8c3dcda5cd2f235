internal import FluvialPrimitives

/// Something that happens once, and one task that may wait for it.
///
/// Firing it again does nothing.
final class OneShotSignal: Sendable {
  /// idle -> waiting -> fired; idle -> fired.
  @safe private enum State {
    case idle
    case waiting(UnsafeContinuation<Void, Never>)
    case fired
  }

  private let state = Lock(State.idle)

  func wait() async {
    unsafe await withUnsafeContinuation { continuation in
      let hasFired = state.withLock { state in
        if case .fired = state { return true }
        unsafe state = .waiting(continuation)
        return false
      }
      if hasFired { unsafe continuation.resume() }
    }
  }

  func fire() {
    let waiting: UnsafeContinuation<Void, Never>? = unsafe state.withLock { state in
      defer { state = .fired }
      guard case .waiting(let continuation) = state else { return nil }
      return unsafe continuation
    }
    unsafe waiting?.resume()
  }
}
