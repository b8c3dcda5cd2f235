import ArgumentParser
import Fluvial
import ProgramSupport

/// Greets whoever connects with the number of users, and sends each line back.
@main struct EchoServer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo-server",
    abstract: "Sends each line back to who sent it.",
    discussion: """
      echo-server --port 8000          then, elsewhere: nc 127.0.0.1 8000
      echo-server --unix /tmp/echo     then, elsewhere: nc -U /tmp/echo

      Ctrl-c stops it, and lets those who are connected finish for a moment.
      Exit codes: 64 wrong usage, 68 unknown host, 69 the address is in use, 71 the system refused, \
      77 not allowed.
      """,
    version: programVersion)

  @Option(help: "The host to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 is any free one.")
  var port = 8000

  @Option(help: "Listen on a unix socket at this path instead.")
  var unix: String?

  func run() throws {
    let (host, port, unix) = (host, port, unix)
    try runProgram("echo-server") {
      let users = Users(loop: EventLoop.current ?? .shared)
      let server =
        if let unix {
          try await startServer(unixPath: unix, handler: users.serve)
        } else {
          try await startServer(host: host, port: port, handler: users.serve)
        }
      try await server.serveUntilSignal()
    }
  }
}
