/// Slows one connection down to what its limits allow.
///
/// The server asks before it acts on a line and waits as told, reading nothing meanwhile: the
/// flood then stays in the sender's own buffers, and the server's memory stays as it is.
public struct FloodGuard: Sendable {
  /// What to do with a line that has come.
  public enum Verdict: Equatable, Sendable {
    /// Act on it.
    case pass
    /// Act on it after this long; the sender is told when it is the first of a spell.
    case wait(Duration, isFirst: Bool)
    /// Close the connection: the spell has lasted too long.
    case flooded
  }

  private var lines: TokenBucket
  private var bytes: TokenBucket
  private let patience: Duration
  /// When the first line had to wait since the last one that had not.
  private var spellStart: Duration?

  /// Starts with full buckets.
  public init(limits: ChatLimits, at now: Duration) {
    lines = TokenBucket(capacity: Double(limits.burst), rate: limits.rate, at: now)
    let byteRate = Double(limits.bytesPerSecond)
    // At least one whole line, or the longest would always have to wait.
    bytes = TokenBucket(
      capacity: max(byteRate, Double(limits.maxLine)), rate: byteRate, at: now)
    patience = limits.floodPatience
  }

  /// Counts a line of so many bytes.
  public mutating func count(bytes size: Int, at now: Duration) -> Verdict {
    let wait = max(lines.take(at: now), bytes.take(Double(size), at: now))
    guard wait > .zero else {
      spellStart = nil
      return .pass
    }
    guard let start = spellStart else {
      spellStart = now
      return .wait(wait, isFirst: true)
    }
    return now - start >= patience ? .flooded : .wait(wait, isFirst: false)
  }
}
