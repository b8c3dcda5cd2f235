/// The client's own lines, which look like the server's errors but never were on the wire.
public enum ClientWords {
  /// Nothing can be sent now; the text stays where it was typed.
  public static let notConnected = "! not connected: not sent"

  /// What is wrong with a line that is about to be sent; nil if nothing is.
  ///
  /// Counted in bytes, as the server counts: a line that the server would throw away must not
  /// leave the input row.
  public static func refusal(of line: String, limit: Int = ClientLine.defaultLimit) -> String? {
    let size = line.utf8.count
    if size <= limit { return nil }
    return "! message too long (\(size) bytes, limit \(limit)): not sent, ctrl-u clears"
  }

  /// The connection is gone; said once for each pause, not once a second.
  public static func connectionLost(reconnectingIn pause: Duration) -> String {
    "! connection lost; reconnecting in \(pause.wholeSeconds) s"
  }

  /// The question before many lines are sent.
  public static func question(lines count: Int) -> String {
    "send \(count) lines? (y/n)"
  }
}
