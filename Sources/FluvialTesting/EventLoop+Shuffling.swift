public import Fluvial

extension EventLoop {
  /// Runs `body` as `run` does, with the jobs of each turn in an order drawn from `seed`.
  ///
  /// An order that the code under test relies on without a right to it shows as a failure that the same seed brings back.
  /// Throws what `body` throws, and `UVError` when no loop could be made. As `run`, it cannot be cancelled from outside.
  public static func run<Result>(
    shufflingWith seed: UInt64, _ body: sending @escaping () async throws -> Result
  ) throws -> Result {
    try run {
      EventLoop.current?.shuffleReadyJobs(seed: seed)
      return try await body()
    }
  }
}
