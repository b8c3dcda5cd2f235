public import FluvialTransports

/// How a child process ended.
public enum ProcessExit: Hashable, Sendable {
  /// By itself, with this status.
  case exited(Int32)
  /// By a signal.
  case signaled(Signal)

  /// The status, or the signal's number negated.
  ///
  /// asyncio's `returncode`.
  public var code: Int32 {
    switch self {
    case .exited(let status): status
    case .signaled(let signal): -signal.rawValue
    }
  }

  /// Whether it exited with status 0.
  public var isSuccess: Bool { self == .exited(0) }
}

extension ProcessExit: CustomStringConvertible {
  /// "exited with 1", or "ended by SIGTERM".
  public var description: String {
    switch self {
    case .exited(let status): "exited with \(status)"
    case .signaled(let signal): "ended by \(signal)"
    }
  }
}
