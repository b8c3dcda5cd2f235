internal import FluvialPrimitives
internal import FluvialTransports
internal import Synchronization

extension StreamReaderProtocol {
  /// A read that keeps finding its bytes lets others run after so many.
  private static let longestStreak = 128

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
        guard await wait(for: demand, hasScope: hasScope, isClaimed: true) == .ready else {
          throw CancellationError()
        }
        isOwner = true
      }
    }
  }

  /// What a look without waiting found.
  enum Glance<Value> {
    case value(Value)
    /// Nothing yet: the caller must wait, and has taken the reader's place if it is claimed.
    case wait(hasScope: Bool, isClaimed: Bool)
    /// Anything out of the ordinary, for the general path.
    case other
  }

  /// The general read for the case that matters for speed: some bytes, without generics in between.
  ///
  /// An owner has waited, and stays the owner unless it gets a value. Who may guess waits without a look if the last
  /// read took everything; the wait looks then.
  func takeAtOnce(_ count: Int, isOwner: Bool, mayGuess: Bool) -> Glance<[UInt8]> {
    if mayGuess, isDrained.load(ordering: .relaxed) {
      return .wait(hasScope: true, isClaimed: false)
    }
    return reading.withLock { state in
      if !isOwner {
        guard case .idle = state.reader else { return .other }
      }
      guard !state.isClosed, !state.isPaused, !state.buffer.isSkipping,
        state.streak < Self.longestStreak
      else { return .other }
      if state.buffer.count > 0 {
        state.reader = .idle
        state.streak += 1
        let bytes = state.buffer.take(count)
        if state.buffer.count == 0 { noteDrained() }
        return .value(bytes)
      }
      guard !state.buffer.hasEnded, state.failure == nil else { return .other }
      state.reader = .woken
      state.streak = 0
      return .wait(hasScope: state.scopeTask != 0, isClaimed: true)
    }
  }

  /// The same for a line that is there whole.
  func lineAtOnce(isOwner: Bool, mayGuess: Bool) -> Glance<String> {
    if mayGuess, isDrained.load(ordering: .relaxed) {
      return .wait(hasScope: true, isClaimed: false)
    }
    return reading.withLock { state in
      if !isOwner {
        guard case .idle = state.reader else { return .other }
      }
      guard !state.isClosed, !state.isPaused, state.streak < Self.longestStreak else {
        return .other
      }
      if state.buffer.count > 0 {
        guard let line = state.buffer.takeLine(limit: state.limit) else { return .other }
        state.reader = .idle
        state.streak += 1
        if state.buffer.count == 0 { noteDrained() }
        return .value(line)
      }
      guard !state.buffer.hasEnded, state.failure == nil else { return .other }
      state.reader = .woken
      state.streak = 0
      return .wait(hasScope: state.scopeTask != 0, isClaimed: true)
    }
  }

  /// Parks the read until its demand can be met.
  ///
  /// `hasScope` says that a registration may cover the wait already. Uncovered only for who has not claimed the reader's
  /// place: something stands against waiting, and a look will tell.
  @inline(__always)
  func wait(for demand: Demand, hasScope: Bool, isClaimed: Bool) async -> ReaderState.Wake {
    if hasScope {
      let wake = unsafe await withUnsafeContinuation {
        unsafe isClaimed ? park($0, demand, ticket: 0) : parkUnclaimed($0, demand)
      }
      if wake != .uncovered || !isClaimed { return wake }
    }
    return await waitRegistered(for: demand)
  }

  @inline(never)
  private func waitRegistered(for demand: Demand) async -> ReaderState.Wake {
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
    let wake: ReaderState.Wake? = reading.withLock { state in
      if ticket == 0, unsafe task(of: continuation) != state.scopeTask { return .uncovered }
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

  /// Claims the reader's place and parks in one step, if nothing is there to read and nothing out of the ordinary.
  private func parkUnclaimed(_ continuation: ReaderState.Continuation, _ demand: Demand) {
    let wake: ReaderState.Wake? = reading.withLock { state in
      guard state.hasNothingToTell, unsafe task(of: continuation) == state.scopeTask else {
        return .uncovered
      }
      if Task.isCancelled { return .cancelled }
      state.streak = 0
      unsafe state.reader = .parked(continuation, demand, ticket: 0)
      return nil
    }
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
