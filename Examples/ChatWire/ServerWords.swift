// The words of the notices are part of the protocol: clients and scripts match on them.
extension ServerLine {
  /// The first line of every connection, for a person who came with `nc`.
  public static let greeting = ServerLine.notice("chat ready - say: CONNECT <name>")

  /// Stands before and after the lines that were said before you came.
  public static let historyMark = ServerLine.notice("---")

  /// The last line before the server ends.
  public static let shuttingDown = ServerLine.notice("server is shutting down")

  /// The answer to `/help`.
  public static let help: [ServerLine] = [
    .notice("/who                who is here"),
    .notice("/nick <name>        change your name"),
    .notice("/msg <name> <text>  say it to one person only"),
    .notice("/me <text>          say what you are doing"),
    .notice("/ping [text]        see whether the server is awake"),
    .notice("/quit [reason]      leave"),
    .notice("//text              a message that starts with a slash"),
  ]

  /// The answer to a CONNECT that succeeded.
  public static func welcome(_ name: UserName, online: Int) -> ServerLine {
    .notice("Welcome, \(name)! \(online) user(s) online. /help for commands")
  }

  /// Somebody came.
  public static func joined(_ name: UserName) -> ServerLine {
    .notice("\(name) joined")
  }

  /// Somebody is gone.
  public static func left(_ name: UserName, _ reason: LeaveReason) -> ServerLine {
    .notice("\(name) left (\(reason))")
  }

  /// Somebody has a new name.
  public static func renamed(from old: UserName, to new: UserName) -> ServerLine {
    .notice("\(old) is now \(new)")
  }

  /// The answer to a `/nick` that asks for the name one has.
  public static func unchanged(_ name: UserName) -> ServerLine {
    .notice("you are \(name) already")
  }

  /// Somebody does something, by `/me`.
  public static func action(_ name: UserName, _ text: String) -> ServerLine {
    .notice("\(name) \(text)")
  }

  /// The answer to `/who`: one line, or several of the same form if one would be over the limit.
  public static func online(_ names: [UserName], limit: Int = defaultLimit) -> [ServerLine] {
    let start = "\(names.count) online: "
    // Room for "* " and for a time.
    let room = max(limit - start.utf8.count - 24, 0)
    var lines: [String] = []
    for name in names {
      if let last = lines.last, last.utf8.count + name.text.utf8.count + 2 <= room {
        lines[lines.count - 1] += ", " + name.text
      } else {
        lines.append(name.text)
      }
    }
    return lines.map { .notice(start + $0) }
  }
}

/// Why a user is gone, in the words that the others read.
public enum LeaveReason: Equatable, Sendable {
  /// `/quit`, with the user's own words or none.
  case quit(String)
  /// The client closed its side.
  case disconnected
  /// The connection broke.
  case connectionLost
  /// No answer to PING.
  case pingTimeout
  /// Too many lines for too long.
  case flood
  /// Does not read what is sent.
  case tooSlow
  /// Three strikes.
  case tooManyErrors
}

extension LeaveReason: CustomStringConvertible {
  /// The words between the parentheses.
  public var description: String {
    switch self {
    case .quit(let reason): reason.isBlank ? "quit" : reason
    case .disconnected: "disconnected"
    case .connectionLost: "connection lost"
    case .pingTimeout: "ping timeout"
    case .flood: "flood"
    case .tooSlow: "too slow"
    case .tooManyErrors: "too many errors"
    }
  }
}
