internal import FluvialPrimitives
internal import FluvialTransports

/// What waits have left behind, for checks; any thread.
extension StreamReader {
  /// What the reading side holds of waits: one that is parked or has not gone on yet, and, as long as it runs, the scope
  /// whose cancellation covers the waits in it.
  ///
  /// A cancellation that came to nothing is kept nowhere else: it is told apart by the number of the wait that it meant.
  package var heldWaits: (waits: Int, marks: Int) {
    core.reading.withLock { state in
      let isIdle = if case .idle = state.reader { true } else { false }
      return (isIdle ? 0 : 1, state.scopeTask == 0 ? 0 : 1)
    }
  }
}

extension StreamWriter {
  /// How many writes and drains the writing side holds.
  package var heldWaits: Int {
    let queue = core.link.withLock { $0.writes }
    return (queue?.waitingCount ?? 0) + (queue?.drainingCount ?? 0)
  }
}
