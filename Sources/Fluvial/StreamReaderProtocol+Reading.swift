internal import FluvialPrimitives
internal import FluvialTransports
internal import Synchronization

extension StreamReaderProtocol {
  /// Looks, and waits and looks again, until there is a result.
  @inline(__always)
  func read<Value>(
    _ demand: Demand, isOwner alreadyOwner: Bool = false,
    _ look: (inout ReaderState) -> ReadStep<Value>
  ) async throws -> Value {
    var isOwner = alreadyOwner
    while true {
      var hasScope = false
      var resumes = false
      var yields = false
      let step: ReadStep<Value> = reading.withLock { state in
        if isOwner { state.reader = .idle }
        guard case .idle = state.reader else { return .failure(.busy) }
        if state.isClosed { return .failure(.closed) }
        // Before it looks: what is lent from a delivery does not last over a suspension.
        if state.streak >= ReaderState.longestStreak {
          state.streak = 0
          yields = true
          return .wait
        }
        let step: ReadStep<Value> =
          state.buffer.isSkipping && !demand.isSkip ? state.whileSkipping() : look(&state)
        if state.isPaused { resumes = state.shouldResume() }
        if case .wait = step {
          // Nobody else may read while this one is about to wait.
          state.reader = .woken
          state.streak = 0
          hasScope = state.scopeTask != 0
        } else {
          state.streak += 1
        }
        return step
      }
      if yields {
        isOwner = false
        await Task.yield()
        continue
      }
      if resumes { resumeReading() }
      switch step {
      case .value(let value): return value
      case .failure(let error): throw error
      case .wait, .leftOver:
        guard await wait(for: demand, hasScope: hasScope) == .ready else {
          throw CancellationError()
        }
        isOwner = true
      }
    }
  }

  /// The general read for the case that matters for speed: some bytes, without generics in between.
  ///
  /// nil for anything else, and then nothing has changed. An owner has waited, and stays the owner unless it gets a value.
  func takeAtOnce(_ count: Int, isOwner: Bool) -> [UInt8]? {
    reading.withLock { state in
      guard state.mayTakeAtOnce(isOwner: isOwner), state.buffer.count > 0 else { return nil }
      let bytes = state.buffer.take(count)
      tookAtOnce(&state)
      return bytes
    }
  }

  /// The same for a line that is there whole.
  func takeLineAtOnce(isOwner: Bool) -> String? {
    reading.withLock { state in
      guard state.mayTakeAtOnce(isOwner: isOwner),
        let line = state.buffer.takeLine(limit: state.limit)
      else { return nil }
      tookAtOnce(&state)
      return line
    }
  }

  private func tookAtOnce(_ state: inout ReaderState) {
    state.reader = .idle
    state.streak += 1
    if state.buffer.count == 0 { isDrained.store(true, ordering: .releasing) }
  }

  /// Parks the read until its demand can be met; the caller has taken the reader's place.
  ///
  /// `hasScope` says that a registration may cover the wait already.
  @inline(__always)
  private func wait(for demand: Demand, hasScope: Bool) async -> ReadWake {
    if hasScope {
      let wake = unsafe await withUnsafeContinuation { unsafe park($0, demand, ticket: 0) }
      if wake != .uncovered { return wake }
    }
    return await waitRegistered(for: demand)
  }

  @inline(never)
  private func waitRegistered(for demand: Demand) async -> ReadWake {
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

  /// Ticket 0 relies on the scope's registration.
  private func park(
    _ continuation: ReaderState.Continuation, _ demand: Demand, ticket: UInt64
  ) {
    var resumes = false
    let wake: ReadWake? = reading.withLock { state in
      if ticket == 0, unsafe task(of: continuation) != state.scopeTask { return .uncovered }
      // The mark is set before a cancellation handler runs, and the handler takes this lock: seen here or found there.
      if Task.isCancelled {
        state.reader = .idle
        return .cancelled
      }
      unsafe state.park(continuation, demand, ticket: ticket)
      if unsafe state.wakeIfSatisfied() != nil { return .ready }
      resumes = state.shouldResume()
      return nil
    }
    if resumes { resumeReading() }
    if let wake { unsafe continuation.resume(returning: wake) }
  }

  /// Takes the reader's place and parks, in one step, if nothing stands against it and the scope covers the wait.
  ///
  /// Uncovered otherwise: then the reader's place is not taken, and the general read finds out what to do.
  func parkUnclaimed(_ continuation: ReaderState.Continuation, _ demand: Demand) {
    let wake: ReadWake? = reading.withLock { state in
      guard state.mayTakeAtOnce(isOwner: false), !state.buffer.hasEnded, !state.hasFailed,
        unsafe task(of: continuation) == state.scopeTask
      else { return .uncovered }
      // The mark is set before the scope is cancelled, and that takes this lock: seen here or found there.
      if Task.isCancelled { return .cancelled }
      state.streak = 0
      unsafe state.park(continuation, demand, ticket: 0)
      return unsafe state.buffer.count > 0 && state.wakeIfSatisfied() != nil ? .ready : nil
    }
    if let wake { unsafe continuation.resume(returning: wake) }
  }

  /// Ends the wait with this ticket, if it is still going on.
  private func cancelWait(_ ticket: UInt64) {
    let waiter: ReaderState.Continuation? = unsafe reading.withLock { state in
      guard case .parked(let continuation, ticket) = state.reader else { return nil }
      state.reader = .idle
      return unsafe continuation
    }
    unsafe waiter?.resume(returning: .cancelled)
  }

  // MARK: One registration for a connection's life

  /// Runs `body` with one cancellation registration for all of its task's reads, instead of one a wait.
  @inline(__always)
  func withCancellationScope<Result>(_ body: () async throws -> Result) async rethrows -> Result {
    openScope()
    defer { closeScope() }
    return try await withTaskCancellationHandler {
      try await body()
    } onCancel: {
      cancelScope()
    }
  }

  /// From now on this task's waits rely on somebody who calls ``cancelScope()`` when the task is cancelled.
  func openScope() {
    let task = currentTask()
    reading.withLock { $0.scopeTask = task }
    prefetchTask(at: task)
  }

  /// Ends the wait that relies on the scope.
  ///
  /// The task has been cancelled before.
  func cancelScope() { cancelWait(0) }

  func closeScope() { reading.withLock { $0.scopeTask = 0 } }

  func length(_ maxLength: Int?) throws(StreamError) -> Int {
    guard let maxLength else { return reading.withLock(\.limit) }
    guard maxLength >= 0 else {
      throw .invalid("A length must not be negative, and this is \(maxLength).")
    }
    return maxLength
  }
}

/// Which task this is, to be compared only; 0 outside of tasks.
private func currentTask() -> UInt {
  unsafe withUnsafeCurrentTask { task in
    // Two live tasks never share an address, and a scope ends before its task.
    guard let task = unsafe task else { return 0 }
    return unsafe unsafeBitCast(task, to: UInt.self)
  }
}

/// The task that waits for the continuation, which is what a continuation is made of.
///
/// Asking who is running costs a hundred instructions. Were it made of something else, no wait would be covered by a
/// scope, and every one would register itself.
private func task(of continuation: ReaderState.Continuation) -> UInt {
  unsafe unsafeBitCast(continuation, to: UInt.self)
}
