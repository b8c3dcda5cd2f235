internal import FluvialPrimitives
internal import FluvialTransports

extension StreamReaderProtocol {
  /// A read that keeps finding its bytes lets others run after so many.
  private static let longestStreak = 128

  /// Looks, and waits and looks again, until there is a result.
  @inline(__always)
  func read<Value>(
    _ demand: Demand, _ look: (inout ReaderState) -> ReadStep<Value>
  ) async throws -> Value {
    var isOwner = false
    while true {
      var resumes = false
      var yields = false
      let step: ReadStep<Value> = reading.withLock { state in
        if isOwner { state.reader = .idle }
        guard case .idle = state.reader else { return .failure(.busy) }
        if state.isClosed { return .failure(.closed) }
        let step: ReadStep<Value> =
          state.buffer.isSkipping && !demand.isSkip ? state.whileSkipping() : look(&state)
        if state.isPaused { resumes = state.shouldResume() }
        if case .wait = step {
          // Nobody else may read while this one is about to wait.
          state.reader = .woken
          state.streak = 0
        } else {
          state.streak += 1
          if state.streak >= Self.longestStreak {
            state.streak = 0
            yields = true
          }
        }
        return step
      }
      if resumes { resumeReading() }
      switch step {
      case .value(let value):
        if yields { await Task.yield() }
        return value
      case .failure(let error): throw error
      case .wait, .leftOver:
        guard await wait(for: demand) == .ready else { throw CancellationError() }
        isOwner = true
      }
    }
  }

  /// Parks the read until its demand can be met.
  ///
  /// The caller has taken the reader's place.
  func wait(for demand: Demand) async -> ReaderState.Wake {
    let task = currentTaskIdentity()
    if task != 0, reading.withLock({ $0.scopeTask }) == task {
      // The scope's one registration covers this wait.
      return unsafe await withUnsafeContinuation { unsafe park($0, demand, ticket: 0) }
    }
    let ticket = reading.withLock { state in
      state.tickets &+= 1
      return state.tickets
    }
    return await withTaskCancellationHandler {
      unsafe await withUnsafeContinuation { unsafe park($0, demand, ticket: ticket) }
    } onCancel: {
      cancelWait(ticket)
    }
  }

  private func park(
    _ continuation: ReaderState.Continuation, _ demand: Demand, ticket: UInt64
  ) {
    var resumes = false
    let wake: ReaderState.Wake? = reading.withLock { state in
      // The mark is set before a cancellation handler runs, and the handler takes this lock: seen here or found there.
      if Task.isCancelled {
        state.reader = .idle
        return .cancelled
      }
      unsafe state.reader = .parked(continuation, demand, ticket: ticket)
      if unsafe state.wakeIfSatisfied() != nil { return .ready }
      resumes = state.shouldResume()
      return nil
    }
    if resumes { resumeReading() }
    if let wake { unsafe continuation.resume(returning: wake) }
  }

  /// Ends the wait with this ticket, if it is still going on.
  private func cancelWait(_ ticket: UInt64) {
    let waiter: ReaderState.Continuation? = unsafe reading.withLock { state in
      guard case .parked(let continuation, _, ticket) = state.reader else { return nil }
      state.reader = .idle
      return unsafe continuation
    }
    unsafe waiter?.resume(returning: .cancelled)
  }

  // MARK: One registration for a connection's life

  /// Runs `body` with one cancellation registration for all of its task's reads, instead of one a wait.
  func withCancellationScope<Result>(_ body: () async throws -> Result) async rethrows -> Result {
    let task = currentTaskIdentity()
    reading.withLock { $0.scopeTask = task }
    defer { reading.withLock { $0.scopeTask = 0 } }
    return try await withTaskCancellationHandler {
      try await body()
    } onCancel: {
      cancelWait(0)
    }
  }

  func length(_ maxLength: Int?) throws(StreamError) -> Int {
    guard let maxLength else { return reading.withLock(\.limit) }
    guard maxLength >= 0 else {
      throw .invalid("A length must not be negative, and this is \(maxLength).")
    }
    return maxLength
  }
}

/// Which task this is, to be compared only; 0 outside of tasks.
private func currentTaskIdentity() -> UInt {
  unsafe withUnsafeCurrentTask { task in
    // Two live tasks never share an address, and a scope ends before its task.
    unsafe task.map { unsafe unsafeBitCast($0, to: UInt.self) } ?? 0
  }
}
