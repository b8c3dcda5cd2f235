/// How long a client waits before it connects again.
///
/// Each pause is random between nothing and a limit that doubles from 1 to 60 seconds, so that
/// the clients of a server that was restarted do not all come back at once.
public struct Backoff: Sendable {
  private var limit = shortest

  private static let shortest = Duration.seconds(1)
  private static let longest = Duration.seconds(60)
  /// A connection that lasted this long was a good one.
  private static let goodConnection = Duration.seconds(30)

  /// Starts with the shortest pause.
  public init() {}

  /// The next pause, after an attempt that failed or a connection that was lost.
  ///
  /// `connected` is how long the connection lasted, zero for an attempt that failed. Only a good
  /// one starts the pauses anew: a client that is thrown out as soon as it is in must not hammer
  /// at the door.
  public mutating func next(
    afterConnected connected: Duration = .zero, using random: inout some RandomNumberGenerator
  ) -> Duration {
    if connected >= Self.goodConnection { limit = Self.shortest }
    defer { limit = min(limit * 2, Self.longest) }
    return limit * Double.random(in: 0...1, using: &random)
  }
}
