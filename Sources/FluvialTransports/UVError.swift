internal import CFluvial

/// A failure that libuv or the system reported, by its code.
///
/// The code is libuv's: a negative `errno` on Linux.
public struct UVError: Error, Hashable, Sendable {
  /// The code, as libuv numbers it.
  public let code: Int32

  /// What was being done, such as "bind 127.0.0.1:80"; empty when the code says it all.
  public let context: String

  /// Makes the error with this libuv code.
  public init(code: Int32, context: String = "") {
    self.code = code
    self.context = context
  }

  /// The name of the code, such as "ECONNRESET".
  public var name: String { unsafe Self.text(fluv_error_name, code) }

  /// The sentence that belongs to the code, such as "connection reset by peer".
  public var message: String { unsafe Self.text(fluv_error_text, code) }

  /// Two errors are alike when their codes are; the context is for people.
  public static func == (left: UVError, right: UVError) -> Bool { left.code == right.code }

  /// Hashes the code.
  public func hash(into hasher: inout Hasher) { hasher.combine(code) }

  /// So that `catch UVError.connectionReset` works.
  public static func ~= (pattern: UVError, error: any Error) -> Bool {
    (error as? UVError)?.code == pattern.code
  }

  private static func text(
    _ write: (Int32, UnsafeMutablePointer<CChar>?, Int) -> Void, _ code: Int32
  ) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      unsafe buffer.initialize(repeating: 0)
      unsafe write(code, buffer.baseAddress, buffer.count)
      return unsafe buffer.baseAddress.map { unsafe String(cString: $0) } ?? ""
    }
  }
}

extension UVError: CustomStringConvertible {
  /// A sentence: what was being done, what happened, and the code's name.
  public var description: String {
    context.isEmpty ? "\(message) (\(name))" : "\(context): \(message) (\(name))"
  }
}

extension UVError {
  /// Permission denied (EACCES).
  public static let accessDenied = UVError(code: -13)
  /// The address is already in use (EADDRINUSE).
  public static let addressInUse = UVError(code: -98)
  /// This machine has no addresses of this family (EAFNOSUPPORT).
  public static let addressFamilyNotSupported = UVError(code: -97)
  /// The address is not one of this machine's (EADDRNOTAVAIL).
  public static let addressNotAvailable = UVError(code: -99)
  /// Nothing to be had or taken just now (EAGAIN).
  public static let tryAgain = UVError(code: -11)
  /// Not an open descriptor (EBADF).
  public static let badDescriptor = UVError(code: -9)
  /// The operation was given up (ECANCELED).
  public static let canceled = UVError(code: -125)
  /// The connection was given up by this side (ECONNABORTED).
  public static let connectionAborted = UVError(code: -103)
  /// Nobody listens at the address (ECONNREFUSED).
  public static let connectionRefused = UVError(code: -111)
  /// The peer reset the connection (ECONNRESET).
  public static let connectionReset = UVError(code: -104)
  /// The end of the stream, as libuv reports it (EOF).
  public static let endOfFile = UVError(code: Int32(FLUV_EOF))
  /// An argument that the system does not take (EINVAL).
  public static let invalidArgument = UVError(code: -22)
  /// The name is too long (ENAMETOOLONG).
  public static let nameTooLong = UVError(code: -36)
  /// No buffer space (ENOBUFS).
  public static let noBufferSpace = UVError(code: -105)
  /// No such file (ENOENT).
  public static let noSuchFile = UVError(code: -2)
  /// No such process (ESRCH).
  public static let noSuchProcess = UVError(code: -3)
  /// Not connected, or not any more (ENOTCONN).
  public static let notConnected = UVError(code: -107)
  /// This system does not do that (ENOSYS).
  public static let notSupported = UVError(code: -38)
  /// Not a terminal (ENOTTY).
  public static let notATerminal = UVError(code: -25)
  /// The other end of the pipe is gone (EPIPE).
  public static let brokenPipe = UVError(code: -32)
  /// The process has a terminal already, and only one at a time (EBUSY).
  public static let terminalBusy = UVError(code: -16)
  /// It took too long (ETIMEDOUT).
  public static let timedOut = UVError(code: -110)
  /// Too many open descriptors in this process (EMFILE).
  public static let tooManyDescriptors = UVError(code: -24)
}

extension UVError {
  /// Throws what a `fluv_` function reported, if it did.
  static func check(_ status: Int32, _ context: @autoclosure () -> String = "") throws(UVError) {
    if status < 0 { throw UVError(code: status, context: context()) }
  }
}

extension BinaryInteger {
  var int32: Int32 { Int32(truncatingIfNeeded: self) }
}
