import ArgumentParser
import ChatWire
import ProgramSupport

/// Where to listen, from the command line.
///
/// The limits have been taken out of it by then: they are read from the environment as well.
struct CommandLineOptions: ParsableCommand {
  @Argument(help: "The host to listen on, and the port.")
  var place: [String] = []

  @Option(help: "The host to listen on. (default: 127.0.0.1)")
  var host: String?

  @Option(help: "The port to listen on, 0 for any free one. (default: 8000)")
  var port: String?

  @Option(help: "Listen on a unix socket at this path, and at no port unless one is given too.")
  var unix: String?

  /// The host, if the server is to listen on one.
  var listeningHost: String? {
    if unix != nil, host == nil, port == nil, place.isEmpty { return nil }
    return host ?? positions.host ?? "127.0.0.1"
  }

  /// The port, known to be one.
  var listeningPort: Int { (port ?? positions.port).flatMap(Self.portNumber) ?? 8_000 }

  /// What the words without a flag mean: a host and a port, or one of them.
  private var positions: (host: String?, port: String?) {
    guard let first = place.first else { return (nil, nil) }
    if place.count > 1 { return (first, place[1]) }
    // No host is a plain number.
    return first.utf8.allSatisfy { (0x30...0x39).contains($0) } ? (nil, first) : (first, nil)
  }

  mutating func validate() throws {
    guard place.count <= 2 else {
      throw ValidationError("Give one host and one port, not \(place.count) words.")
    }
    if host != nil, positions.host != nil { throw ValidationError("Give the host once.") }
    if port != nil, positions.port != nil { throw ValidationError("Give the port once.") }
    if let port = port ?? positions.port, Self.portNumber(port) == nil {
      throw ValidationError("The port must be a number from 0 to 65535, not \"\(port.cleaned)\".")
    }
    if listeningHost?.isEmpty == true { throw ValidationError("The host must not be empty.") }
    if unix?.isEmpty == true { throw ValidationError("The path must not be empty.") }
  }

  private static func portNumber(_ text: String) -> Int? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(text) else {
      return nil
    }
    return (0...65_535).contains(port) ? port : nil
  }

  static let configuration = CommandConfiguration(
    commandName: "chat-server",
    abstract: "Serves a chat room that people join with chat-client, or with nc.",
    discussion: """
      chat-server                      then, elsewhere: nc 127.0.0.1 8000
      chat-server 0.0.0.0 9000         whoever can reach this machine may join
      chat-server --unix /tmp/chat     then: nc -U /tmp/chat

      Nothing is encrypted: everybody on the way can read everything, private messages too. With TLS, by a proxy at \
      each end (server.pem holds a key and its certificate, ca.pem whom to trust):

        chat-server 127.0.0.1 8000 --max-per-address 512
        socat OPENSSL-LISTEN:8443,fork,reuseaddr,cert=server.pem,verify=0 TCP:127.0.0.1:8000
      and where somebody chats:
        socat TCP-LISTEN:8000,fork,bind=127.0.0.1 OPENSSL:example.org:8443,cafile=ca.pem
        chat-client 127.0.0.1 8000

      Limits, as flags or variables:
      \(ChatLimits.help.map { "  " + $0 }.joined(separator: "\n"))

      SIGTERM or SIGINT ends it: everybody is told, and the last lines have two seconds to leave.
      A second one ends it at once.

      Exit codes: 0 ended by a signal, 64 wrong usage, 69 cannot listen there, 77 not allowed to.
      """,
    version: programVersion)
}
