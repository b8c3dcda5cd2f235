import TestSupport
import Testing

/// A chat server that was started as a program and is ready; killed when dropped.
final class ChatServerRun {
  let program: PipedProgram
  /// The port that it said it listens on.
  let port: Int

  convenience init(_ arguments: [String], environment: [String: String] = [:]) throws {
    try self.init(
      PipedProgram(
        BuiltProducts.executable("chat-server"), arguments, environment: environment))
  }

  init(_ program: PipedProgram) throws {
    self.program = program
    do {
      try program.waitForOutput("listening on ")
    } catch {
      throw ChatTestFailure(description: "\(error) It wrote: \(try program.finish())")
    }
    let place = try program.waitForOutput("\n").dropLast()
    port = try #require(Int(place.split(separator: " ").last ?? ""))
  }
}
