import Fluvial
import ProgramSupport

/// An answer that does not fit in memory.
struct Oversized: Error { var limit: Int }

extension Failure {
  /// Why there is no answer, with the server's name in the sentence.
  init(_ error: any Error, during request: Request) {
    let place = "\(request.host) port \(request.port)"
    switch error {
    case let error as TimeoutError:
      self.init("\(place): no whole answer in \(error.limit).", .tryAgainLater)
    case let error as ResponseParser.Malformed:
      self.init("\(place): \(error.message)", .protocolError)
    case let error as Oversized:
      self.init(
        "\(place): the answer is larger than \(error.limit) bytes; try --streams.", .dataError)
    // These name every address that was tried.
    case is ConnectError: self.init(error)
    case let error as StreamError where error.code == .connectFailed: self.init(error)
    default: self.init(error, at: place)
    }
  }

  /// When the answer could not be shown.
  init(showing error: any Error) { self.init("standard output: \(error)", .inputOutput) }
}
