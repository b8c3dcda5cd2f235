public import ArgumentParser
internal import Fluvial

/// Why a program ends before its work is done: a sentence for people, and a number for scripts.
public struct Failure: Error, CustomStringConvertible {
  /// The sentence.
  public let description: String
  /// The number, as `sysexits.h` has them.
  public let exitCode: ExitCode

  /// A failure that the program knows how to explain.
  public init(_ description: String, _ exitCode: ExitCode) {
    self.description = description
    self.exitCode = exitCode
  }

  /// What an error of the library means to whoever started the program.
  ///
  /// Its sentence names the address, the path or the limit already; `place` goes before it where it does not.
  public init(_ error: any Error, at place: String? = nil) {
    if let failure = error as? Failure {
      self = failure
    } else {
      self.init((place.map { "\($0): " } ?? "") + "\(error)", Self.exitCode(for: error))
    }
  }

  private static func exitCode(for error: any Error) -> ExitCode {
    switch error {
    case is TimeoutError: .tryAgainLater
    case is ConnectError: .unavailable
    case let error as UVError: exitCode(for: error)
    case let error as StreamError:
      switch error.code {
      case .invalidArgument: .usage
      // A name that leads nowhere is told apart from an address where nobody listens.
      case .connectFailed where error.cause.map(isOfResolver) ?? false: .noHost
      case .addressInUse, .connectFailed, .startFailed: .unavailable
      default: error.cause.map(exitCode) ?? .inputOutput
      }
    default: .internalError
    }
  }

  private static func exitCode(for error: UVError) -> ExitCode {
    switch error {
    case .invalidArgument: .usage
    case .accessDenied: .noPermission
    case _ where isOfResolver(error): .noHost
    case .tooManyDescriptors, .noBufferSpace, .addressNotAvailable: .system
    default: .inputOutput
    }
  }

  /// What the resolver says of a name.
  private static func isOfResolver(_ error: UVError) -> Bool { error.name.hasPrefix("EAI_") }
}

/// The numbers of `sysexits.h`.
extension ExitCode {
  /// The command was used wrongly (64); what the argument parser says too.
  public static let usage = ExitCode(64)
  /// The input is not what it should be (65).
  public static let dataError = ExitCode(65)
  /// No such host (68).
  public static let noHost = ExitCode(68)
  /// What is needed is not there: nobody listens, the port is taken, there is no such program (69).
  public static let unavailable = ExitCode(69)
  /// A mistake in the program (70).
  public static let internalError = ExitCode(70)
  /// The system refused, for want of descriptors for one (71).
  public static let system = ExitCode(71)
  /// A connection or an output broke (74).
  public static let inputOutput = ExitCode(74)
  /// It took too long; another time it may work (75).
  public static let tryAgainLater = ExitCode(75)
  /// The other side does not keep to its protocol (76).
  public static let protocolError = ExitCode(76)
  /// Not allowed (77).
  public static let noPermission = ExitCode(77)
  /// Ended by ctrl-c, as a shell tells it (130).
  public static let interrupted = ExitCode(130)
}
