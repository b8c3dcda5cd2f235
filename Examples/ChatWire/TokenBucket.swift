/// Allows a burst and then a steady rate.
///
/// It has no clock of its own: the caller passes the time since any fixed moment.
public struct TokenBucket: Sendable {
  /// How many tokens it holds when full.
  public let capacity: Double
  /// How many tokens come in a second.
  public let rate: Double

  private var tokens: Double
  private var updated: Duration

  /// Makes a full bucket.
  public init(capacity: Double, rate: Double, at now: Duration) {
    self.capacity = capacity
    self.rate = rate
    tokens = capacity
    updated = now
  }

  /// Takes tokens, and tells how long to wait until they are there: zero if they are already.
  ///
  /// They are taken at once even so, which leaves the bucket in debt. A caller that waits as told
  /// before it takes again never owes more than one helping.
  public mutating func take(_ count: Double = 1, at now: Duration) -> Duration {
    refill(at: now)
    tokens -= count
    return delay(until: 0)
  }

  /// How long until the next token can be taken without waiting.
  public mutating func nextToken(at now: Duration) -> Duration {
    refill(at: now)
    return delay(until: 1)
  }

  private mutating func refill(at now: Duration) {
    // A clock that stands still or steps back gives no tokens and takes none.
    guard now > updated else { return }
    tokens = min(capacity, tokens + (now - updated) / .seconds(1) * rate)
    updated = now
  }

  private func delay(until level: Double) -> Duration {
    tokens >= level ? .zero : .seconds((level - tokens) / rate)
  }
}
