public import FluvialTransports

/// What went wrong on a stream: a code to act on, a sentence to read, and what belongs to it.
public struct StreamError: Error, Sendable {
  /// What kind of failure; more may come in later versions.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private let name: String
    private init(_ name: String) { self.name = name }

    /// The name of the code.
    public var description: String { name }

    /// This side has closed the stream, or ended its direction.
    public static let closed = Code("closed")
    /// The connection is broken, for ever.
    public static let broken = Code("broken")
    /// Another task is reading already.
    public static let busy = Code("busy")
    /// The stream ended before the read was complete; ``StreamError/partial`` has what came.
    public static let incompleteRead = Code("incompleteRead")
    /// A record was longer than allowed; ``StreamError/scanned`` tells how much was looked at.
    public static let limitOverrun = Code("limitOverrun")
    /// A record is not UTF-8; it was consumed, and ``StreamError/partial`` has it.
    public static let invalidUTF8 = Code("invalidUTF8")
    /// Somebody listens at the address already, or something stands at the path.
    public static let addressInUse = Code("addressInUse")
    /// The host has no address, or none could be reached; ``StreamError/attempts`` has each one's error.
    public static let connectFailed = Code("connectFailed")
    /// It is not possible to listen at the address; ``StreamError/cause`` says why.
    public static let listenFailed = Code("listenFailed")
    /// A pipe, a descriptor or a standard stream could not be opened; ``StreamError/cause`` says why.
    public static let openFailed = Code("openFailed")
    /// A program could not be started.
    public static let startFailed = Code("startFailed")
    /// An argument is out of range.
    public static let invalidArgument = Code("invalidArgument")
  }

  /// What kind of failure.
  public let code: Code
  /// A whole sentence.
  public let message: String
  /// The system's error behind it, if there is one.
  public let cause: UVError?
  /// For an incomplete read: the bytes that came.
  ///
  /// asyncio's `IncompleteReadError.partial`.
  public let partial: [UInt8]
  /// For an incomplete read of a count: how many bytes were asked for.
  public let expected: Int?
  /// For a limit overrun: how many bytes were looked at.
  ///
  /// asyncio's `LimitOverrunError.consumed`.
  public let scanned: Int
  /// For a failed connection: every address and its error.
  public let attempts: [ConnectError.Attempt]

  /// Makes an error; what does not belong to the code stays empty.
  public init(
    _ code: Code, _ message: String, cause: UVError? = nil, partial: [UInt8] = [],
    expected: Int? = nil, scanned: Int = 0, attempts: [ConnectError.Attempt] = []
  ) {
    self.code = code
    self.message = message
    self.cause = cause
    self.partial = partial
    self.expected = expected
    self.scanned = scanned
    self.attempts = attempts
  }
}

extension StreamError: CustomStringConvertible {
  /// The sentence.
  public var description: String { message }
}

extension StreamError {
  static var closed: StreamError { StreamError(.closed, "The stream was closed by this side.") }

  static var busy: StreamError {
    StreamError(.busy, "Another task is reading from this stream already.")
  }

  static func broken(_ cause: UVError) -> StreamError {
    StreamError(.broken, "The connection is broken: \(cause).", cause: cause)
  }

  static func invalid(_ what: String) -> StreamError { StreamError(.invalidArgument, what) }

  static func incomplete(_ partial: [UInt8], expected: Int?) -> StreamError {
    let message =
      expected.map { "The stream ended after \(partial.count) of \($0) bytes." }
      ?? "The stream ended after \(partial.count) bytes, before a separator."
    return StreamError(.incompleteRead, message, partial: partial, expected: expected)
  }

  static func overrun(scanned: Int, limit: Int) -> StreamError {
    StreamError(
      .limitOverrun, "A record is longer than the limit of \(limit) bytes (\(scanned) looked at).",
      scanned: scanned)
  }

  /// What a caller of the stream layer gets for an error of the transport layer; `code` is for what has none of its own.
  static func wrapping(_ error: any Error, as code: Code) -> any Error {
    switch error {
    case let error as UVError:
      if error == .invalidArgument || error == .nameTooLong {
        return StreamError(.invalidArgument, "Not usable: \(error).", cause: error)
      }
      return StreamError(
        error == .addressInUse ? .addressInUse : code, "\(code.sentence): \(error).", cause: error)
    case let error as ConnectError:
      return StreamError(
        .connectFailed, error.description, cause: error.attempts.last?.error,
        attempts: error.attempts)
    default: return error
    }
  }
}

extension StreamError.Code {
  /// How the sentence about a failed beginning starts.
  fileprivate var sentence: String {
    switch self {
    case .connectFailed: "There is no connection"
    case .listenFailed: "Nobody can listen there"
    case .startFailed: "The program was not started"
    default: "It cannot be opened"
    }
  }
}

/// Where something shall live: on `loop` if one is given, else on the current one, else on the shared one.
func chosenLoop(_ loop: EventLoop?, orThrow code: StreamError.Code) throws -> EventLoop {
  do throws(UVError) { return try EventLoop.chosen(loop) } catch {
    throw StreamError.wrapping(error, as: code)
  }
}
