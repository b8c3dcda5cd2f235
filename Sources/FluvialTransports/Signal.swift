internal import Glibc

/// A signal that the system can send to the process.
public struct Signal: RawRepresentable, Hashable, Sendable {
  /// The system's number.
  public let rawValue: Int32

  /// Wraps the system's number.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Ctrl-c was pressed (SIGINT).
  public static let interrupt = Signal(rawValue: SIGINT)
  /// The process is asked to end (SIGTERM).
  public static let terminate = Signal(rawValue: SIGTERM)
  /// The terminal is gone, or a service shall read its settings anew (SIGHUP).
  public static let hangup = Signal(rawValue: SIGHUP)
  /// Ctrl-\ was pressed (SIGQUIT).
  public static let quit = Signal(rawValue: SIGQUIT)
  /// Ctrl-z was pressed (SIGTSTP).
  public static let stopTyped = Signal(rawValue: SIGTSTP)
  /// The process goes on after a stop (SIGCONT).
  public static let resume = Signal(rawValue: SIGCONT)
  /// The size of the terminal changed (SIGWINCH).
  public static let windowSize = Signal(rawValue: SIGWINCH)
  /// For the program's own use (SIGUSR1).
  public static let user1 = Signal(rawValue: SIGUSR1)
  /// For the program's own use (SIGUSR2).
  public static let user2 = Signal(rawValue: SIGUSR2)
  /// A child process has ended (SIGCHLD).
  public static let childEnded = Signal(rawValue: SIGCHLD)
}

extension Signal: CustomStringConvertible {
  /// The system's name for the usual ones, else the number.
  public var description: String {
    switch self {
    case .interrupt: "SIGINT"
    case .terminate: "SIGTERM"
    case .hangup: "SIGHUP"
    case .quit: "SIGQUIT"
    case .stopTyped: "SIGTSTP"
    case .resume: "SIGCONT"
    case .windowSize: "SIGWINCH"
    case .user1: "SIGUSR1"
    case .user2: "SIGUSR2"
    case .childEnded: "SIGCHLD"
    default: "signal \(rawValue)"
    }
  }
}
