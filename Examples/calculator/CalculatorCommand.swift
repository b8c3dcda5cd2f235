import ArgumentParser
import Fluvial
import ProgramSupport

/// Serves a calculator to everybody who connects: the program around ``Calculator``.
@main struct CalculatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calculator",
    abstract: "Calculates, line by line, for everybody who connects; names are shared.",
    discussion: """
      calculator --port 8000           then, elsewhere: nc 127.0.0.1 8000
      2 + 3 * 4                        14
      rate = 7 / 2                     rate = 3.5; everybody can use it from now on
      rate * (1 + 1)                   7
      1 / 0                            ? nothing is divided by 0

      Exit codes: 64 wrong usage, 68 unknown host, 69 the address is in use, 77 not allowed.
      """,
    version: programVersion)

  @Option(help: "The host to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 is any free one.")
  var port = 8000

  func run() throws {
    let (host, port) = (host, port)
    try runProgram("calculator") {
      let calculator = Calculator(on: EventLoop.current ?? .shared)
      let server = try await startServer(host: host, port: port, handler: calculator.serve)
      try await server.serveUntilSignal()
    }
  }
}
