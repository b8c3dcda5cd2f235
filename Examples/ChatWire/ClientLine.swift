/// A line from a client to the server, version 1 of the protocol.
public enum ClientLine: Equatable, Sendable {
  /// `CONNECT name [ping] [time]`, the first line.
  case connect(name: String, options: ConnectOptions)
  /// A public message; on the wire a leading slash is doubled.
  case text(String)
  /// `/who`
  case who
  /// `/nick name`
  case nick(String)
  /// `/msg name text`
  case message(to: String, text: String)
  /// `/me text`
  case action(String)
  /// `/ping [x]`
  case ping(String)
  /// `/pong x`, the answer to the server's PING.
  case pong(String)
  /// `/quit [reason]`
  case quit(reason: String)
  /// `/help`
  case help
  /// Nothing but white space.
  case blank
  /// Anything else, with what the server answers.
  case malformed(WireError)

  /// The longest line that a server takes by default, in bytes without the newline.
  public static let defaultLimit = 2_048
}

/// What a client asks for when it connects.
public struct ConnectOptions: OptionSet, Sendable {
  /// One bit for each option.
  public let rawValue: UInt8
  /// Wraps bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The server sends PING after a silence and expects an answer.
  public static let ping = ConnectOptions(rawValue: 1)
  /// Every line of the server starts with `@` and the time.
  public static let time = ConnectOptions(rawValue: 2)

  fileprivate static let words: [(word: Substring, option: ConnectOptions)] = [
    ("ping", .ping), ("time", .time),
  ]
}

extension ClientLine {
  /// Which lines are expected from a client.
  public enum Phase: Sendable {
    /// A CONNECT is due.
    case connecting
    /// The client has a name, and "CONNECT" is a word like any other.
    case chatting
  }

  /// Reads a line, without its newline.
  ///
  /// Accepts any bytes. All text in the result is cleaned, so that whatever is built from it can
  /// be sent to others as it is.
  public init(parsing bytes: [UInt8], phase: Phase) {
    let bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes[...]
    // Nothing of an invalid line is forwarded: what it meant can only be guessed.
    guard let line = String(validating: bytes, as: UTF8.self)?.cleaned else {
      self = .malformed(.notUTF8)
      return
    }
    if line.isBlank {
      self = .blank
      return
    }
    switch phase {
    case .connecting: self = Self.parseConnect(line)
    case .chatting where line.hasPrefix("//"): self = .text(String(line.dropFirst()))
    case .chatting where line.hasPrefix("/"): self = Self.parseCommand(line)
    case .chatting: self = .text(line)
    }
  }

  private static func parseConnect(_ line: String) -> ClientLine {
    let words = line.split(separator: " ")
    guard words.count >= 2, words[0] == "CONNECT" else { return .malformed(.expectedConnect) }
    var options: ConnectOptions = []
    // Unknown words leave room for later versions.
    for (word, option) in ConnectOptions.words where words[2...].contains(word) {
      options.insert(option)
    }
    return .connect(name: String(words[1]), options: options)
  }

  private static func parseCommand(_ line: String) -> ClientLine {
    let (command, rest) = line.splittingWord
    switch command {
    case "/who": return .who
    case "/help": return .help
    case "/nick": return .nick(rest.trimmingSpaces)
    case "/ping": return .ping(rest)
    case "/pong": return .pong(rest)
    case "/quit": return .quit(reason: rest)
    case "/me": return rest.isBlank ? .malformed(.nothingToSend) : .action(rest)
    case "/msg":
      let (name, text) = String(rest.drop { $0 == " " }).splittingWord
      return text.isBlank ? .malformed(.nothingToSend) : .message(to: name, text: text)
    default: return .malformed(.unknownCommand(String(command.prefix(24))))
    }
  }
}

extension ClientLine {
  /// The line as it is sent, without the newline; nil if there is nothing to send.
  ///
  /// Parsing it gives the same value, if names have no spaces and all text is cleaned.
  public var formatted: String? {
    switch self {
    case .connect(let name, let options):
      let words = ConnectOptions.words.filter { options.contains($0.option) }.map(\.word)
      return (["CONNECT", name.cleaned[...]] + words).joined(separator: " ")
    case .text(let text): return (text.hasPrefix("/") ? "/" + text : text).cleaned
    case .who: return "/who"
    case .help: return "/help"
    case .nick(let name): return Self.command("/nick", name)
    case .message(let name, let text): return Self.command("/msg", name + " " + text)
    case .action(let text): return Self.command("/me", text)
    case .ping(let token): return Self.command("/ping", token)
    case .pong(let token): return Self.command("/pong", token)
    case .quit(let reason): return Self.command("/quit", reason)
    case .blank, .malformed: return nil
    }
  }

  private static func command(_ word: String, _ rest: String) -> String {
    rest.isEmpty ? word : word + " " + rest.cleaned
  }
}

extension String {
  var isBlank: Bool { allSatisfy(\.isWhitespace) }

  var trimmingSpaces: String {
    var text = self[...]
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// The text before the first space, and all of the text after it.
  ///
  /// A tab is a space, as in what `cleaned` makes of it: a line means the same before and after.
  var splittingWord: (word: String, rest: String) {
    // By scalars: a space that carries a mark is one character with it, and still a space here.
    let scalars = unicodeScalars
    guard let space = scalars.firstIndex(where: { $0 == " " || $0 == "\t" }) else {
      return (self, "")
    }
    return (String(self[..<space]), String(scalars[scalars.index(after: space)...]))
  }
}
