/// What happened in a room, for a log.
public enum RoomEvent: Equatable, Sendable {
  /// A connection was too many.
  case refused(WireError, address: String?)
  /// Somebody came.
  case joined(UserName, address: String?)
  /// Somebody has a new name.
  case renamed(from: UserName, to: UserName)
  /// A connection has ended, with a name or before it had one.
  case left(UserName?, LeaveReason, address: String?)
}

extension RoomEvent: CustomStringConvertible {
  /// One line, in which everything that came from a client is cleaned.
  public var description: String {
    switch self {
    case .refused(let error, let address): "refused \(Self.place(address)): \(error.text)"
    case .joined(let name, let address): "\(name) joined from \(Self.place(address))"
    case .renamed(let old, let new): "\(old) is now \(new)"
    case .left(let name?, let reason, _): "\(name) left (\("\(reason)".cleaned))"
    case .left(nil, let reason, let address):
      "nameless connection from \(Self.place(address)) ended (\(reason))"
    }
  }

  private static func place(_ address: String?) -> String { address?.cleaned ?? "a unix socket" }
}
