import ArgumentParser
import Fluvial
import ProgramSupport

/// Runs programs side by side, each one's output the next one's input: the program around ``Pipeline``.
@main struct PipelineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pipeline",
    abstract: "Runs programs, each one's output the input of the next, as a shell's | does.",
    discussion: """
      pipeline seq 1000 + grep 7 + wc -l
      pipeline --count seq 1000 + grep 7 + wc -l      and says how much went from one to the next

      The first program has this one's input, the last one its output. When a program ends, those before it are \
      told to end.
      Exit codes: the last program's, 128 and the signal's number if a signal ended it; 64 wrong usage, 69 a program \
      could not be started.
      """,
    version: programVersion)

  @Flag(help: "Tell on standard error how many bytes went from one program to the next.")
  var count = false

  @Argument(
    parsing: .captureForPassthrough,
    help: "The programs with their arguments, a + between them.")
  var words: [String] = []

  func validate() throws {
    // Every word from the first program on is for the programs, so these two are looked for here.
    if words.first == "--help" || words.first == "-h" { throw CleanExit.helpRequest(self) }
    if words.first == "--version" { throw CleanExit.message(programVersion) }
    _ = try commands
  }

  func run() throws {
    let pipeline = Pipeline(counts: count)
    let commands = try commands
    try runProgram("pipeline") {
      switch try await pipeline.run(commands[...]) {
      case .exited(0): return
      case .exited(let status): throw ExitCode(status)
      case .signaled(let signal): throw ExitCode(128 + signal.rawValue)
      }
    }
  }

  private var commands: [Command] {
    get throws {
      let parts = words.split(separator: "+", omittingEmptySubsequences: false)
      return try parts.map { part in
        guard let name = part.first else {
          throw ValidationError("A program is missing: name + name, each with its arguments.")
        }
        return Command(name: name, arguments: Array(part.dropFirst()))
      }
    }
  }
}

/// One program of a pipeline.
struct Command: Sendable {
  let name: String
  let arguments: [String]
}
