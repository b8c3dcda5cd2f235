/// What the server allows, and for how long it waits.
///
/// Read from flags and, mostly for tests, from the environment; a flag wins.
public struct ChatLimits: Equatable, Sendable {
  /// The longest line from a client, in bytes without the newline.
  public var maxLine = ClientLine.defaultLimit
  /// How many lines may come at once.
  public var burst = 10
  /// How many lines a second may come after that.
  public var rate = 4.0
  /// How many bytes a second may come.
  public var bytesPerSecond = 8 * 1_024
  /// How long a flood is slowed down before its connection is closed.
  public var floodPatience = Duration.seconds(60)
  /// The most bytes that wait for a slow reader.
  public var outgoingQueue = 256 * 1_024
  /// How long a new connection may take to say CONNECT.
  public var helloWait = Duration.seconds(10)
  /// How long a silence is before the server sends PING.
  public var pingSilence = Duration.seconds(30)
  /// How long a client may take to answer PING.
  public var pingWait = Duration.seconds(20)
  /// How long the last lines may take to leave when a connection ends.
  public var flushWait = Duration.seconds(2)
  /// How many mistakes close a connection.
  public var strikes = 3
  /// How many connections there may be.
  public var maxClients = 512
  /// How many of them may come from one address.
  public var maxPerAddress = 16
  /// How many public lines and notices a newcomer is shown.
  public var history = 20

  /// The limits that `chat-server` has when nothing is said.
  public init() {}

  /// The longest line to a client, in bytes without the newline.
  ///
  /// It grows with `maxLine`, so that a line that was taken can also be passed on.
  public var maxServerLine: Int { max(ServerLine.defaultLimit, maxLine + 256) }
}

extension ChatLimits {
  /// A flag or an environment variable with a value that is no sensible limit.
  public struct InvalidValue: Error, Equatable, CustomStringConvertible, Sendable {
    /// The flag or the variable.
    public let name: String
    /// What it was set to; nil if the value is missing.
    public let value: String?
    /// What would have been right.
    public let expected: String

    /// The sentence for the person who set it.
    public var description: String {
      if let value { return "\(name) must be \(expected), not \"\(value.cleaned)\"." }
      return "\(name) needs a value: \(expected)."
    }
  }

  /// Reads the limits from the environment, then from the flags.
  ///
  /// Takes the flags that it knows, `--name value` or `--name=value`, out of `arguments` and
  /// leaves the rest. Throws when a value is malformed, and names what it was given to.
  public init(
    arguments: inout [String], environment: [String: String]
  ) throws(InvalidValue) {
    self.init()
    for setting in Setting.all {
      guard let variable = setting.variable, let value = environment[variable] else { continue }
      try setting.apply(value, from: variable, to: &self)
    }
    var rest: [String] = []
    var remaining = arguments[...]
    while let argument = remaining.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let setting = Setting.all.first(where: { $0.flag == parts.first ?? "" }) else {
        rest.append(argument)
        continue
      }
      let value = parts.count == 2 ? String(parts[1]) : remaining.popFirst()
      try setting.apply(value, from: setting.flag, to: &self)
    }
    arguments = rest
  }

  /// The environment variables that are looked at.
  public static var variables: [String] { Setting.all.compactMap(\.variable) }

  /// One line of help for each flag.
  public static var help: [String] {
    Setting.all.map { setting in
      let variable = setting.variable.map { ", or \($0)" } ?? ""
      return "\(setting.flag) <\(setting.kind.expected)>\(variable)"
    }
  }
}

/// One limit that can be set: where, and to what.
private struct Setting: Sendable {
  enum Kind {
    case count(any WritableKeyPath<ChatLimits, Int> & Sendable, ClosedRange<Int>)
    case rate(any WritableKeyPath<ChatLimits, Double> & Sendable)
    case seconds(any WritableKeyPath<ChatLimits, Duration> & Sendable)

    var expected: String {
      switch self {
      case .count(_, let range): "a number from \(range.lowerBound) to \(range.upperBound)"
      case .rate: "a number from 0.001 to 1000000"
      case .seconds: "seconds from 0.001 to 1000000"
      }
    }
  }

  let flag: String
  let variable: String?
  let kind: Kind

  static let all = [
    Setting(flag: "--burst", variable: "CHAT_BURST", kind: .count(\.burst, 1...1_000_000)),
    Setting(flag: "--rate", variable: "CHAT_RATE", kind: .rate(\.rate)),
    Setting(
      flag: "--outq", variable: "CHAT_OUTQ", kind: .count(\.outgoingQueue, 1...1_073_741_824)),
    Setting(flag: "--hello", variable: "CHAT_HELLO_S", kind: .seconds(\.helloWait)),
    Setting(flag: "--ping", variable: "CHAT_PING_S", kind: .seconds(\.pingSilence)),
    Setting(flag: "--ping-wait", variable: "CHAT_PINGWAIT_S", kind: .seconds(\.pingWait)),
    Setting(flag: "--max-line", variable: "CHAT_MAXLINE", kind: .count(\.maxLine, 16...65_536)),
    Setting(
      flag: "--bytes", variable: nil, kind: .count(\.bytesPerSecond, 1...1_073_741_824)),
    Setting(flag: "--flood", variable: nil, kind: .seconds(\.floodPatience)),
    Setting(flag: "--flush", variable: nil, kind: .seconds(\.flushWait)),
    Setting(flag: "--strikes", variable: nil, kind: .count(\.strikes, 1...1_000)),
    Setting(flag: "--max-clients", variable: nil, kind: .count(\.maxClients, 1...65_536)),
    Setting(flag: "--max-per-address", variable: nil, kind: .count(\.maxPerAddress, 1...65_536)),
    Setting(flag: "--history", variable: nil, kind: .count(\.history, 0...1_000)),
  ]

  func apply(
    _ value: String?, from name: String, to limits: inout ChatLimits
  ) throws(ChatLimits.InvalidValue) {
    let invalid = ChatLimits.InvalidValue(name: name, value: value, expected: kind.expected)
    guard let value else { throw invalid }
    switch kind {
    case .count(let path, let range):
      guard let number = Int(decimal: value), range.contains(number) else { throw invalid }
      limits[keyPath: path] = number
    case .rate(let path):
      guard let number = Double(decimal: value) else { throw invalid }
      limits[keyPath: path] = number
    case .seconds(let path):
      guard let number = Double(decimal: value) else { throw invalid }
      limits[keyPath: path] = .seconds(number)
    }
  }
}

extension Double {
  /// Reads digits with at most one point among them: no sign, exponent, infinity or hexadecimal.
  fileprivate init?(decimal text: String) {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }),
      let number = Double(text), (0.001...1_000_000).contains(number)
    else { return nil }
    self = number
  }
}
