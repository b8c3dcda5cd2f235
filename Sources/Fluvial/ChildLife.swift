internal import FluvialPrimitives
internal import FluvialTransports

/// Whether a child process lives, and the tasks that wait for its end; any thread.
final class ChildLife: Sendable {
  private struct State {
    var hasEnded = false
    /// nil at the end: the loop ended first, and nobody knows.
    var exit: ProcessExit?
    var waiters: [UInt64: Waiter] = [:]
    var tickets: UInt64 = 0
  }

  @safe private struct Waiter {
    /// nil when cancelled, or when nobody knows.
    let continuation: UnsafeContinuation<ProcessExit?, Never>

    func resume(_ exit: ProcessExit?) { unsafe continuation.resume(returning: exit) }
  }

  private let state = Lock(State())

  var exit: ProcessExit? { state.withLock(\.exit) }

  /// From the loop; once.
  func end(_ exit: ProcessHandle.Exit?) {
    let known = exit.map { exit in
      exit.signal == 0
        ? ProcessExit.exited(Int32(truncatingIfNeeded: exit.status))
        : .signaled(Signal(rawValue: exit.signal))
    }
    let waiters = state.withLock { state in
      state.hasEnded = true
      state.exit = known
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume(known) }
  }

  /// The end; nil when the task was cancelled before it, or nobody will ever know.
  func wait() async -> ProcessExit? {
    let ticket = nextTicket()
    return await withTaskCancellationHandler {
      unsafe await withUnsafeContinuation { continuation in
        park(unsafe Waiter(continuation: continuation), ticket, isCancellable: true)
      }
    } onCancel: {
      let waiter = state.withLock { $0.waiters.removeValue(forKey: ticket) }
      waiter?.resume(nil)
    }
  }

  /// Waits for the end, whether the task is cancelled or not.
  func waitUncancelled() async {
    let ticket = nextTicket()
    _ = unsafe await withUnsafeContinuation { continuation in
      park(unsafe Waiter(continuation: continuation), ticket, isCancellable: false)
    }
  }

  private func nextTicket() -> UInt64 {
    state.withLock { state in
      state.tickets &+= 1
      return state.tickets
    }
  }

  private func park(_ waiter: Waiter, _ ticket: UInt64, isCancellable: Bool) {
    let (isOver, exit): (Bool, ProcessExit?) = state.withLock { state in
      if state.hasEnded { return (true, state.exit) }
      // The mark is set before the cancellation handler runs, and the handler takes this lock: seen here or found there.
      if isCancellable, Task.isCancelled { return (true, nil) }
      state.waiters[ticket] = waiter
      return (false, nil)
    }
    if isOver { waiter.resume(exit) }
  }
}
