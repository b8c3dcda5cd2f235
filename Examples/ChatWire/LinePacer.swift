/// Sends many lines no faster than a server takes them.
///
/// It has no clock of its own: the caller passes the time since any fixed moment.
public struct LinePacer: Sendable {
  /// What to do next.
  public enum Step: Equatable, Sendable {
    /// Send this line.
    case send(String)
    /// Ask again after this long.
    case wait(Duration)
    /// Nothing is left.
    case idle
  }

  private var lines: [String] = []
  /// Those before it have been sent.
  private var next = 0
  private var bucket: TokenBucket

  /// How many lines may be sent without a question.
  public static let mostUnasked = 3

  /// Starts with nothing to send.
  public init(at now: Duration, linesPerSecond rate: Double = 4) {
    bucket = TokenBucket(capacity: 1, rate: rate, at: now)
  }

  /// How many lines are left to send.
  public var count: Int { lines.count - next }

  /// Adds lines after those that are left.
  public mutating func append(contentsOf more: [String]) {
    lines.append(contentsOf: more)
  }

  /// Drops what is left, and returns it.
  public mutating func cancel() -> [String] {
    defer {
      lines = []
      next = 0
    }
    return Array(lines[next...])
  }

  /// The step that is due.
  public mutating func step(at now: Duration) -> Step {
    guard next < lines.count else {
      lines = []
      next = 0
      return .idle
    }
    let wait = bucket.nextToken(at: now)
    guard wait == .zero else { return .wait(wait) }
    _ = bucket.take(at: now)
    defer { next += 1 }
    return .send(lines[next])
  }
}
