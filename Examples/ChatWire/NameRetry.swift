/// What a client does when the server refuses its name.
///
/// After a lost connection the old session may still be there for a while and hold the name: the
/// client tries once more, then takes a name beside it, and asks for its own again next time.
public struct NameRetry: Sendable {
  /// What to do next.
  public enum Step: Equatable, Sendable {
    /// Say CONNECT with this name, after this long.
    case connect(name: String, after: Duration)
    /// Let the user choose another.
    case ask
  }

  /// The name that the user wants.
  public var wanted: String
  private var refusals = 0

  /// Starts with the name that the user wants.
  public init(wanted: String) { self.wanted = wanted }

  /// Notes that the server took a name.
  public mutating func accepted() { refusals = 0 }

  /// The step after a refusal; `isReconnect` tells whether the name was ours before.
  public mutating func refused(_ code: WireError.Code, isReconnect: Bool) -> Step {
    guard isReconnect, code == .nameTaken, refusals < UserName.mostCharacters else { return .ask }
    refusals += 1
    if refusals == 1 { return .connect(name: wanted, after: .seconds(2)) }
    return .connect(name: wanted.marked(times: refusals - 1), after: .zero)
  }
}

extension String {
  /// The name with so many underscores after it, shortened to stay a valid one.
  fileprivate func marked(times count: Int) -> String {
    let start = prefix(max(UserName.mostCharacters - count, 1))
    let room = max(UserName.mostBytes - count, 1)
    return String(start).prefix(utf8Limit: room) + String(repeating: "_", count: count)
  }
}
