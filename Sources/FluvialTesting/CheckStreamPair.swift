internal import Fluvial

/// Makes connected pairs for the checks, a new one each time.
public typealias StreamPairFactory = @Sendable () async throws -> (StreamEnd, StreamEnd)

/// How the checks are run.
public struct StreamCheckOptions: Sendable {
  /// How many bytes the larger checks send each way.
  public var volume = 1 << 20
  /// How long one check may take before it counts as hanging.
  public var timeLimit: Duration = .seconds(20)
  /// What sizes and moments are drawn from.
  public var seed: UInt64 = 1
  /// Checks to leave out, by name: for streams that cannot do what they ask.
  ///
  /// With `, straight` or `, swapped` behind it, a name stands for one direction of the check.
  public var without: Set<String> = []

  /// The defaults.
  public init() {}
}

/// The parts of the contract that a stream does not keep.
public struct StreamCheckError: Error, Sendable, CustomStringConvertible {
  /// The name of each check that failed, with its direction, and what was wrong.
  public let failures: [(check: String, what: String)]

  /// One line for each failure.
  public var description: String {
    failures.map { "\($0.check): \($0.what)" }.joined(separator: "\n")
  }
}

/// Checks that connected streams keep the whole contract of reading, writing and closing.
///
/// In the manner of trio's `check_two_way_stream`: each check gets pairs of its own from `makePair`, and is run in both
/// directions. Must run on the streams' loop. Throws ``StreamCheckError`` with everything that does not hold, and what
/// `makePair` throws. Cancelled, the check that is under way fails, and the rest with it.
public func checkStreamPair(
  options: StreamCheckOptions = StreamCheckOptions(), _ makePair: @escaping StreamPairFactory
) async throws {
  try await run(StreamCheck.reading + StreamCheck.writing + StreamCheck.closing, options, makePair)
}

/// Checks what ``checkStreamPair(options:_:)`` does, and that each direction can be ended alone.
///
/// trio's `check_half_closeable_stream`. Throws, and may be cancelled, as that.
public func checkHalfCloseable(
  options: StreamCheckOptions = StreamCheckOptions(), _ makePair: @escaping StreamPairFactory
) async throws {
  try await run(
    StreamCheck.reading + StreamCheck.writing + StreamCheck.closing + StreamCheck.halfClosing,
    options, makePair)
}

private func run(
  _ checks: [StreamCheck], _ options: StreamCheckOptions, _ makePair: StreamPairFactory
) async throws {
  guard options.volume > 0 else {
    throw StreamError(.invalidArgument, "The volume must be positive, not \(options.volume).")
  }
  guard options.timeLimit > .zero else {
    throw StreamError(.invalidArgument, "The time limit must be positive.")
  }
  var failures: [(check: String, what: String)] = []
  for check in checks where !options.without.contains(check.name) {
    for isSwapped in [false, true] {
      let name = check.name + (isSwapped ? ", swapped" : ", straight")
      if options.without.contains(name) { continue }
      let pair = try await makePair()
      let (near, far) = isSwapped ? (pair.1, pair.0) : pair
      do {
        try await within(options.timeLimit, near, far) {
          try await check.body(near, far, options)
        }
      } catch {
        failures.append((name, "\(error)"))
      }
      for end in [near, far] {
        end.writer.abort()
        _ = await end.writer.waitClosed()
      }
    }
  }
  if !failures.isEmpty { throw StreamCheckError(failures: failures) }
}

/// As `withTimeout`, for bodies that cancellation alone does not end: the streams are aborted too.
private func within(
  _ limit: Duration, _ near: StreamEnd, _ far: StreamEnd,
  _ body: @escaping @Sendable () async throws -> Void
) async throws {
  let ends = [near.writer, far.writer]
  let guardian = near.writer.loop.schedule(after: limit) { for end in ends { end.abort() } }
  defer { guardian.cancel() }
  try await withTimeout(limit, body)
}

/// One promise of the contract, and how it is checked.
struct StreamCheck: Sendable {
  let name: String
  let body: @Sendable (StreamEnd, StreamEnd, StreamCheckOptions) async throws -> Void

  init(
    _ name: String,
    _ body: @escaping @Sendable (StreamEnd, StreamEnd, StreamCheckOptions) async throws -> Void
  ) {
    self.name = name
    self.body = body
  }
}

/// A promise that was not kept.
struct Broken: Error, CustomStringConvertible {
  let description: String
}

/// Demands that something holds.
func demand(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw Broken(description: what()) }
}

/// Demands that `body` fails with a stream error of one of these codes.
func demand<Result>(
  _ codes: StreamError.Code..., from what: String, _ body: () async throws -> Result
) async throws {
  do {
    _ = try await body()
  } catch let error as StreamError {
    return try demand(codes.contains(error.code), "\(what) fails as \(error.code), not \(codes)")
  }
  throw Broken(description: "\(what) does not fail")
}

/// Lets everything that is under way show.
func settle() async {
  for _ in 0..<20 { await Task.yield() }
}

/// A child task that stays on the current loop.
func begin<Result: Sendable>(
  _ body: @escaping @Sendable () async throws -> Result
) -> Task<Result, any Error> {
  Task(executorPreference: EventLoop.current?.taskExecutor) { try await body() }
}
