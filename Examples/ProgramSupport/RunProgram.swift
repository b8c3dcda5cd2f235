internal import ArgumentParser
internal import Fluvial

/// What `--version` prints, the same for every program here.
public let programVersion = "0.1.0"

/// Runs a program's body on an event loop of its own, and explains what it throws.
///
/// The sentence goes to standard error, the number to the shell; a body that throws an `ExitCode` has said all there is
/// to say. Standard output is the body's alone.
public func runProgram(_ name: String, _ body: sending @escaping () async throws -> Void) throws {
  let exitCode = try EventLoop.run { () async throws -> ExitCode in
    do { try await body() } catch let exitCode as ExitCode { return exitCode } catch {
      let failure = Failure(error)
      await complain("\(name): \(failure)")
      return failure.exitCode
    }
    return .success
  }
  if exitCode != .success { throw exitCode }
}

/// Writes a line to standard error; where nobody can read it there is nobody to tell.
public func complain(_ line: String) async {
  guard let output = try? await standardError() else { return }
  try? await output.writeLine(line)
  // A terminal that was stopped with ctrl-s does not keep the program.
  try? await withTimeout(.seconds(1)) { try await output.flush() }
}
