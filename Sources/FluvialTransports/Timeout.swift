/// Runs `body`, and cancels it when it takes longer than `limit`.
///
/// asyncio's `wait_for`. Waits for `body` to end either way, so that nothing goes on behind the caller's back: a read that
/// was timed out loses no byte, a write that was timed out sent nothing. Throws ``TimeoutError`` when the time ran out and
/// `body` did not succeed all the same; otherwise whatever `body` throws. Cancelling the calling task cancels `body`. A
/// limit of zero or less leaves `body` the time until it first waits.
public func withTimeout<Result: Sendable>(
  _ limit: Duration, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  let loop = try EventLoop.chosen(nil)
  return try await withTimeout(limit, clock: loop.clock, body)
}

/// Runs `body`, and cancels it when it takes longer than `limit` of `clock`'s time.
///
/// As ``withTimeout(_:_:)``, with a clock that tests can drive.
public func withTimeout<Result: Sendable, C: Clock>(
  _ limit: C.Duration, clock: C, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result where C.Duration == Duration {
  try await withThrowingTaskGroup(of: Result?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try? await clock.sleep(for: limit)
      return nil
    }
    var timedOut = false
    while let outcome = await group.nextResult() {
      switch outcome {
      case .success(.some(let result)):
        group.cancelAll()
        return result
      case .success(.none):
        timedOut = !Task.isCancelled
        group.cancelAll()
      case .failure(let error):
        group.cancelAll()
        if timedOut, error is CancellationError { throw TimeoutError(limit: limit) }
        throw error
      }
    }
    throw CancellationError()
  }
}

/// Something took longer than it was allowed.
public struct TimeoutError: Error, Hashable, Sendable {
  /// The time that was allowed.
  public let limit: Duration

  /// Makes the error for this limit.
  public init(limit: Duration) { self.limit = limit }
}

extension TimeoutError: CustomStringConvertible {
  /// A sentence with the limit.
  public var description: String { "The operation took longer than \(limit)." }
}
