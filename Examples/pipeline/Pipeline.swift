import Fluvial
import ProgramSupport

/// Programs that run side by side, each one fed with what the one before it prints.
struct Pipeline: Sendable {
  /// Whether to tell how much went from one to the next.
  let counts: Bool

  private static let pieceSize = 64 * 1024

  /// Runs the commands and returns how the last one ended.
  ///
  /// Each program lives in the scope of the one before it. So the last one's end leads out of all of them, and a scope
  /// that is left ends its program if it still runs: `yes + head -1` comes back.
  func run(_ commands: ArraySlice<Command>, input: StreamReader? = nil) async throws -> ProcessExit
  {
    guard let command = commands.first else { return .exited(0) }
    let rest = commands.dropFirst()
    return try await withProcess(
      command.name, command.arguments, input: input == nil ? .inherited : .pipe,
      output: rest.isEmpty ? .inherited : .pipe
    ) { child in
      try await withThrowingTaskGroup(of: Void.self) { group in
        if let input, let pipe = child.standardInput {
          group.addTask { try await feed(pipe, from: input, name: command.name) }
        }
        let exit =
          rest.isEmpty
          ? try await child.wait() : try await run(rest, input: child.standardOutput)
        group.cancelAll()
        return exit
      }
    }
  }

  /// Copies until either end is over; `write` waits for room, so that a slow program slows the one before it.
  private func feed(_ pipe: StreamWriter, from input: StreamReader, name: String) async throws {
    var total = 0
    do {
      while let bytes = try await input.read(upTo: Self.pieceSize) {
        try await pipe.write(bytes)
        total += bytes.count
      }
    } catch let error as StreamError where error.code == .broken {
      // The program wants no more, which is its own business.
    }
    pipe.close()
    if counts { await complain("\(total) bytes to \(name)") }
  }
}
