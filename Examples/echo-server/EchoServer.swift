import ArgumentParser
import Fluvial

/// Greets whoever connects with the number of users, and sends each line back.
@main struct EchoServer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo-server",
    abstract: "Sends each line back to who sent it.",
    discussion: """
      echo-server --port 8000          then, elsewhere: nc 127.0.0.1 8000
      echo-server --unix /tmp/echo     then, elsewhere: nc -U /tmp/echo

      Ctrl-c stops it, and lets those who are connected finish for a moment.
      Exit codes: 64 wrong usage, 68 unknown host, 69 the address is in use, 71 the system refused.
      """)

  @Option(help: "The host to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 is any free one.")
  var port = 8000

  @Option(help: "Listen on a unix socket at this path instead.")
  var unix: String?

  func run() throws {
    let (host, port, unix) = (host, port, unix)
    let exitCode = try EventLoop.run { () async throws -> Int32 in
      do {
        let loop = EventLoop.current ?? .shared
        let users = Users(loop: loop)
        let server =
          if let unix {
            try await startServer(unixPath: unix, handler: users.serve)
          } else {
            try await startServer(host: host, port: port, handler: users.serve)
          }
        let output = try await standardOutput()
        for address in server.localAddresses {
          let place = unix ?? "\(address.host) port \(address.port)"
          // Nobody may be reading this; the server serves all the same.
          try? await output.write("listening on \(place)\n")
        }
        try await Self.waitForStop(on: loop)
        await server.shutdown(grace: .seconds(2))
        return 0
      } catch {
        let complaint = try await standardError()
        try await complaint.write("echo-server: \(error)\n")
        try await complaint.flush()
        return Self.exitCode(for: error)
      }
    }
    if exitCode != 0 { throw ExitCode(exitCode) }
  }

  /// Until ctrl-c, or until the system asks; a second time has its usual effect, since nobody watches any more.
  private static func waitForStop(on loop: EventLoop) async throws {
    for try await _ in loop.signals(.interrupt, .terminate) { return }
  }

  /// As sysexits.h has them.
  private static func exitCode(for error: any Error) -> Int32 {
    guard let error = error as? StreamError else { return 70 }
    switch error.code {
    case .invalidArgument: return 64
    case .addressInUse: return 69
    default: return error.cause?.name.hasPrefix("EAI_") == true ? 68 : 71
    }
  }
}
