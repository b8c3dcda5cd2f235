/// What the server says when it cannot do as asked: a code for programs, a sentence for people.
public struct WireError: Error, Equatable, Sendable {
  /// Which kind of refusal, three digits on the wire.
  ///
  /// An open set, since a newer server may know more of them.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: Int
    /// Wraps a number from the wire.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The first line is not a CONNECT, or one without a name.
    public static let badRequest = Code(rawValue: 400)
    /// Nobody has that name.
    public static let noSuchUser = Code(rawValue: 401)
    /// No CONNECT came in time.
    public static let noConnect = Code(rawValue: 408)
    /// A command came without its text.
    public static let nothingToSend = Code(rawValue: 412)
    /// The line was longer than the limit.
    public static let lineTooLong = Code(rawValue: 413)
    /// The line was not UTF-8.
    public static let notUTF8 = Code(rawValue: 415)
    /// No such command.
    public static let unknownCommand = Code(rawValue: 421)
    /// Lines come faster than the server takes them.
    public static let tooFast = Code(rawValue: 429)
    /// The name breaks a rule.
    public static let badName = Code(rawValue: 432)
    /// Somebody has that name.
    public static let nameTaken = Code(rawValue: 433)
    /// Too many connections.
    public static let serverFull = Code(rawValue: 503)
  }

  /// Which kind of refusal.
  public var code: Code
  /// The sentence for people.
  public var text: String

  /// Puts an error together.
  public init(_ code: Code, _ text: String) {
    self.code = code
    self.text = text
  }

  /// Whether the server counts it against the sender.
  ///
  /// A slip of the hand is forgiven; what a chat program never sends is not.
  public var isStrike: Bool {
    switch code {
    case .badRequest, .lineTooLong, .notUTF8, .badName, .nameTaken: true
    default: false
    }
  }
}

// The server's words.
extension WireError {
  /// The first line was something else.
  public static let expectedConnect = WireError(.badRequest, "say: CONNECT <name>")
  /// `/msg` or `/me` without its text.
  public static let nothingToSend = WireError(.nothingToSend, "nothing to send")
  /// Bytes that are not UTF-8.
  public static let notUTF8 = WireError(.notUTF8, "not valid UTF-8, ignored")
  /// No room for one more connection.
  public static let serverFull = WireError(.serverFull, "too many connections, try again later")
  /// No room for one more connection from the same address.
  public static let addressFull = WireError(
    .serverFull, "too many connections from your address, try again later")
  /// The flood went on for too long.
  public static let flooded = WireError(.tooFast, "too many lines for too long, goodbye")

  /// A private message to nobody.
  public static func noSuchUser(_ name: String) -> WireError {
    WireError(.noSuchUser, "no such user: \(name)")
  }

  /// Silence where a CONNECT was due.
  public static func noConnect(within wait: Duration) -> WireError {
    WireError(.noConnect, "no CONNECT within \(wait.wholeSeconds) s")
  }

  /// A line over the limit.
  public static func lineTooLong(limit: Int) -> WireError {
    WireError(.lineTooLong, "line too long (limit \(limit) bytes), ignored")
  }

  /// A slash and an unknown word.
  public static func unknownCommand(_ word: String) -> WireError {
    WireError(.unknownCommand, "unknown command \(word), try /help")
  }

  /// The first line of a flood that had to wait.
  public static func tooFast(linesPerSecond rate: Double) -> WireError {
    let shown = rate == rate.rounded() ? "\(Int(exactly: rate) ?? 0)" : "\(rate)"
    return WireError(.tooFast, "too fast, your lines are slowed to \(shown) a second")
  }

  /// A name that breaks a rule.
  public static func badName(_ reason: NameError) -> WireError {
    WireError(.badName, "bad name: \(reason)")
  }

  /// A name that somebody has.
  public static func nameTaken(_ name: UserName) -> WireError {
    WireError(.nameTaken, "name taken: \(name)")
  }
}

extension Duration {
  /// Seconds for a person: rounded up, since "in 0 s" says nothing.
  var wholeSeconds: Int64 {
    components.attoseconds > 0 ? components.seconds + 1 : components.seconds
  }
}
