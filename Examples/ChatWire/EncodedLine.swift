/// A server line as bytes, made once however many people it goes to.
public struct EncodedLine: Sendable {
  /// The line with its newline.
  public let plain: [UInt8]
  /// The same with the time before it, for those who asked for it.
  public let stamped: [UInt8]

  /// Formats a line that is sent at a time, and cuts it at the limit, newline not counted.
  ///
  /// Only a line full of control characters is ever cut, because each of them grows to the three
  /// bytes of U+FFFD.
  public init(_ line: ServerLine, unixTime: Int, limit: Int = ServerLine.defaultLimit) {
    let stamp = Array("@\(unixTime) ".utf8)
    let text = line.formatted.prefix(utf8Limit: max(limit - stamp.count, 0))
    plain = text.utf8 + [UInt8(ascii: "\n")]
    stamped = stamp + plain
  }

  /// The form that someone who connected with these options gets.
  public func bytes(for options: ConnectOptions) -> [UInt8] {
    options.contains(.time) ? stamped : plain
  }
}
