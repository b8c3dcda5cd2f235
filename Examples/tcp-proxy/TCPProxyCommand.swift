import ArgumentParser
import Fluvial
import ProgramSupport

/// Listens, and passes everything on to another server: the program around ``Relay``.
@main struct TCPProxyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tcp-proxy",
    abstract: "Passes connections on to another server, byte by byte, both ways.",
    discussion: """
      tcp-proxy --port 9000 127.0.0.1 8000      then, elsewhere: nc 127.0.0.1 9000

      Who sends faster than the other side reads is made to wait; nothing piles up here. The end of one direction is \
      passed on, and the other direction goes on.
      Exit codes: 64 wrong usage, 68 unknown host, 69 the address is in use, 77 not allowed. A server that cannot \
      be reached ends the connection and is named in the log, on standard error.
      """,
    version: programVersion)

  @Option(help: "The host to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 is any free one.")
  var port = 9000

  @Option(name: .customLong("at-once"), help: "How many connections may be open; the rest waits.")
  var limit = 1000

  @Argument(help: "The host to connect to.")
  var targetHost: String

  @Argument(help: "The port to connect to.")
  var targetPort: Int

  func validate() throws {
    guard (1...65535).contains(targetPort) else {
      throw ValidationError("The port to connect to must be in 1...65535, not \(targetPort).")
    }
    guard limit > 0 else { throw ValidationError("At least one connection must be allowed.") }
  }

  func run() throws {
    let (host, port) = (host, port)
    let relay = Relay(host: targetHost, port: targetPort)
    var options = ServerOptions()
    options.maxConnections = limit
    try runProgram("tcp-proxy") { [options] in
      let server = try await startServer(
        host: host, port: port, options: options, handler: relay.serve)
      try await server.serveUntilSignal()
    }
  }
}
