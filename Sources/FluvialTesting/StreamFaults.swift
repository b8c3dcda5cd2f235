internal import Fluvial

/// What goes wrong on a stream in memory, drawn from a seed so that it can be brought back.
public struct StreamFaults: Sendable {
  /// Where the draws come from.
  public var seed: UInt64
  /// The most bytes that one write takes; each takes a random part of that.
  public var longestWrite = Int.max
  /// The most bytes that one delivery brings; each brings a random part of that.
  public var longestRead = Int.max
  /// How often a write is told to come back later, from 0 to 1.
  public var refusedWrites = 0.0
  /// After so many bytes sent by an end the connection is reset.
  public var resetAfter = Int.max

  /// No faults yet.
  public init(seed: UInt64) { self.seed = seed }

  /// Short reads and writes, and writes that must come again.
  public static func masked(seed: UInt64) -> StreamFaults {
    var faults = StreamFaults(seed: seed)
    faults.longestWrite = 5000
    faults.longestRead = 3000
    faults.refusedWrites = 0.3
    return faults
  }
}

extension StreamFaults {
  func check() throws(StreamError) {
    for (name, value, least) in [
      ("longestWrite", longestWrite, 1), ("longestRead", longestRead, 1),
      ("resetAfter", resetAfter, 0),
    ] where value < least {
      throw StreamError(.invalidArgument, "\(name) must be at least \(least), not \(value).")
    }
    guard (0...1).contains(refusedWrites) else {
      throw StreamError(
        .invalidArgument, "refusedWrites must be from 0 to 1, not \(refusedWrites).")
    }
  }
}
