/// A line from the server to a client, version 1 of the protocol.
public enum ServerLine: Equatable, Sendable {
  /// `* text`: what happens in the room, and answers to commands.
  case notice(String)
  /// `<name> text`: a public message.
  case message(from: String, text: String)
  /// `-name- text`: a private message to you.
  case privateMessage(from: String, text: String)
  /// `-> name: text`: the copy of your private message.
  case privateCopy(to: String, text: String)
  /// `! code text`
  case error(WireError)
  /// `PING x`, to be answered with `/pong x`.
  case ping(String)
  /// `PONG x`, the answer to `/ping x`.
  case pong(String)
  /// What this version does not know, as it came.
  case unknown(String)

  /// The longest line that a server sends unless its limits are raised, without the newline.
  public static let defaultLimit = 4_096
}

extension ServerLine {
  /// Reads a line, without its newline and without a time before it.
  ///
  /// Accepts any text. The parts are as the server sent them, which a client trusts with nothing:
  /// make them safe before they are shown, stored or compared.
  public init(parsing line: String) {
    self = Self.parse(line) ?? .unknown(line)
  }

  private static func parse(_ line: String) -> ServerLine? {
    let (head, rest) = line.splittingWord
    // Every kind has a space after its first word, except a PING or PONG about nothing.
    let hasRest = line.unicodeScalars.count > head.unicodeScalars.count
    switch head {
    case "PING": return .ping(rest)
    case "PONG": return .pong(rest)
    case "*" where hasRest: return .notice(rest)
    case "!" where hasRest:
      let (digits, text) = rest.splittingWord
      guard digits.utf8.count == 3, let code = Int(decimal: digits) else { return nil }
      return .error(WireError(.init(rawValue: code), text))
    case "->" where hasRest:
      let (target, text) = rest.splittingWord
      guard let name = target.enclosed(before: "", after: ":") else { return nil }
      return .privateCopy(to: name, text: text)
    default:
      guard hasRest else { return nil }
      if let name = head.enclosed(before: "<", after: ">") {
        return .message(from: name, text: rest)
      }
      if let name = head.enclosed(before: "-", after: "-") {
        return .privateMessage(from: name, text: rest)
      }
      return nil
    }
  }

  /// The line as it is sent, without the newline.
  ///
  /// Parsing it gives the same value, if names have no spaces and all text is cleaned.
  public var formatted: String {
    // Whatever the parts are made of, a line stays one line and harmless.
    switch self {
    case .notice(let text): "* \(text)".cleaned
    case .message(let name, let text): "<\(name)> \(text)".cleaned
    case .privateMessage(let name, let text): "-\(name)- \(text)".cleaned
    case .privateCopy(let name, let text): "-> \(name): \(text)".cleaned
    case .error(let error): "! \(error.code.rawValue) \(error.text)".cleaned
    case .ping(let token): token.isEmpty ? "PING" : "PING \(token)".cleaned
    case .pong(let token): token.isEmpty ? "PONG" : "PONG \(token)".cleaned
    case .unknown(let line): line.cleaned
    }
  }
}

/// A line from the server with the time before it, if it has one.
public struct StampedLine: Equatable, Sendable {
  /// Seconds since 1970, at most twelve digits of them.
  public var unixTime: Int?
  /// The line itself.
  public var line: ServerLine

  /// Puts the two together.
  public init(_ line: ServerLine, unixTime: Int? = nil) {
    self.line = line
    self.unixTime = unixTime
  }

  /// Reads the bytes of a line, without the newline.
  ///
  /// Accepts any bytes: invalid UTF-8 is repaired, a time that is no plain number of at most
  /// twelve digits makes the line unknown.
  public init(parsing bytes: [UInt8]) {
    let bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes[...]
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.utf8.first == UInt8(ascii: "@") else {
      self.init(ServerLine(parsing: text))
      return
    }
    let (stamp, rest) = text.splittingWord
    guard !rest.isEmpty, (2...13).contains(stamp.utf8.count),
      let time = Int(decimal: stamp.dropFirst())
    else {
      self.init(.unknown(text))
      return
    }
    self.init(ServerLine(parsing: rest), unixTime: time)
  }
}

extension Int {
  /// Reads plain ASCII digits and nothing else: no sign, and nothing that overflows.
  init?(decimal digits: some StringProtocol) {
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    self.init(digits)
  }
}

extension String {
  /// What is between the two, if it is anything.
  ///
  /// By scalars, as everything that looks for a delimiter: a mark after `>` must not hide it.
  fileprivate func enclosed(before: String, after: String) -> String? {
    var scalars = unicodeScalars[...]
    for expected in before.unicodeScalars where scalars.popFirst() != expected { return nil }
    for expected in after.unicodeScalars where scalars.popLast() != expected { return nil }
    return scalars.isEmpty ? nil : String(scalars)
  }
}
