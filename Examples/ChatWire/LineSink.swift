/// Where a room puts the lines for one connection.
///
/// Called by the room while it works, so neither method may call the room back.
public protocol LineSink {
  /// Appends one line, newline included, to what waits to be sent, and never waits itself.
  ///
  /// Returns false when more waits than the limit allows; the room then drops the connection.
  func append(_ line: [UInt8]) -> Bool

  /// Ends the connection; the room calls it once, and nothing after it.
  func end(_ ending: Ending)
}

/// How a connection is ended.
public enum Ending: Equatable, Sendable {
  /// What waits is sent first.
  case flush
  /// At once: the peer does not read, or is not there.
  case reset
}

/// One connection of a room, never used again for another.
public struct MemberID: Hashable, Sendable {
  let number: UInt64
}

/// The two kinds of time that a room needs.
public struct Moment: Equatable, Sendable {
  /// Since any fixed moment, from a clock that never steps back.
  public var uptime: Duration
  /// What the calendar says, in seconds since 1970.
  public var unixTime: Int

  /// Puts the two together.
  public init(uptime: Duration, unixTime: Int) {
    self.uptime = uptime
    self.unixTime = unixTime
  }
}
