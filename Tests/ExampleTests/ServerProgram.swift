import Fluvial
import TestSupport
import Testing

/// One of the example servers as a program on a free port; killed when the test is done with it.
final class ServerProgram {
  private let program: PipedProgram
  /// Where it listens.
  let port: Int

  init(_ name: String, _ arguments: [String] = []) throws {
    program = try PipedProgram(BuiltProducts.executable(name), ["--port", "0"] + arguments)
    try program.waitForOutput("listening on ")
    let rest = try program.waitForOutput("\n")
    port = try #require(Int(rest.dropLast().split(separator: " ").last ?? ""))
  }

  /// Waits until `text` is on its standard error, and returns what came before it and itself.
  func waitForError(_ text: String) throws -> String { try program.waitForError(text) }

  /// Asks it to end, and collects what it wrote.
  func stop(by signal: Int32) throws -> PipedProgram.Outcome {
    program.signal(signal)
    return try program.finish()
  }

  /// Sends all, ends the direction, and returns all that comes back.
  func exchange(_ bytes: [UInt8]) throws -> [UInt8] {
    let port = port
    return try EventLoop.run {
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
      defer { writer.close() }
      async let answer = reader.readToEnd()
      try await writer.write(bytes)
      try writer.writeEOF()
      return try await answer
    }
  }
}
