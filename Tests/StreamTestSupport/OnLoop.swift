package import Fluvial
internal import FluvialTesting
internal import FluvialTransports
internal import TestSupport

/// What did not come about in time, or was left behind.
package struct TestFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// Runs `body` on a loop of its own, and demands that it leaves nothing open on that loop.
///
/// The process-wide count of C objects is no use while tests run in parallel; the loop's own list is. After the time it
/// is cancelled, so that a test that hangs fails instead.
@discardableResult
package func onLoop<Result: Sendable>(
  within limit: Duration = .seconds(30), shuffledBy seed: UInt64? = nil,
  _ body: @escaping @Sendable () async throws -> Result
) throws -> Result {
  try EventLoop.run {
    guard let loop = EventLoop.current else { throw TestFailure("The body is on no loop.") }
    let before = loop.liveResourceCount
    loop.shuffleReadyJobs(seed: seed)
    // Not by the loop's own clock, which a test may move.
    let clock = ContinuousClock()
    let result = try await withTimeout(limit * BuildKind.patience, clock: clock, body)
    try await eventually("every handle is closed, but \(loop.liveResourceCount - before) are not") {
      loop.liveResourceCount == before
    }
    return result
  }
}

/// Starts a task that stays on the current loop.
package func start<Result: Sendable>(
  _ body: sending @escaping () async throws -> Result
) -> Task<Result, any Error> {
  Task(executorPreference: EventLoop.current?.taskExecutor) { try await body() }
}

/// Lets the loop turn until `condition` holds; throws when it does not in time.
package func eventually(
  _ what: String, within limit: Duration = .seconds(10),
  _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit * BuildKind.patience
  while try await !condition() {
    guard ContinuousClock.now < deadline else { throw TestFailure("Not in time: \(what).") }
    await Task.yield()
  }
}

/// Lets the loop turn often enough for everything that is under way to show.
package func turns(_ count: Int = 20) async {
  for _ in 0..<count { await Task.yield() }
}

/// The error that `body` throws, as a stream error; any other outcome throws.
package func streamError<Result>(
  _ body: () async throws -> Result
) async throws -> StreamError {
  do {
    _ = try await body()
  } catch let error as StreamError { return error }
  throw TestFailure("It did not throw.")
}

extension StreamError {
  /// The code of the error that `body` throws.
  package static func code<Result>(
    _ body: () async throws -> Result
  ) async throws -> StreamError.Code {
    try await streamError(body).code
  }
}

/// The bytes of a text.
package func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Bytes that tell their place: a lost, doubled or swapped one shows.
package func pattern(_ count: Int, from start: Int = 0) -> [UInt8] { sample(count, from: start) }
