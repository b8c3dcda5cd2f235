import Fluvial

/// An answer that does not fit in memory.
struct Oversized: Error { var limit: Int }

/// Why there is no answer: a sentence, and a number for scripts, as sysexits.h has them.
struct Failure: Error {
  let message: String
  let exitCode: Int32

  init(_ error: any Error, during request: Request) {
    let place = "\(request.host) port \(request.port)"
    switch error {
    case let error as TimeoutError: self.init("\(place): no whole answer in \(error.limit).", 75)
    case let error as ResponseParser.Malformed: self.init("\(place): \(error.message)", 76)
    case let error as Oversized:
      self.init("\(place): the answer is larger than \(error.limit) bytes; try --streams.", 65)
    case let error as ConnectError: self.init(error.description, 69)
    case let error as UVError: self.init("\(place): \(error).", Self.exitCode(for: error))
    case let error as StreamError where error.code == .connectFailed: self.init(error.message, 69)
    case let error as StreamError:
      self.init("\(place): \(error.message)", error.cause.map(Self.exitCode) ?? 74)
    default: self.init("\(place): \(error)", 74)
    }
  }

  /// When the answer could not be shown.
  init(showing error: any Error) { self.init("standard output: \(error)", 74) }

  private init(_ message: String, _ exitCode: Int32) {
    self.message = message
    self.exitCode = exitCode
  }

  private static func exitCode(for error: UVError) -> Int32 {
    if error == .invalidArgument { return 64 }
    // What the resolver says of a name.
    return error.name.hasPrefix("EAI_") ? 68 : 74
  }
}
