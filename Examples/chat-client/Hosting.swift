import ChatServing
import Fluvial
import FluvialTerminal

/// A server inside the client, for the first one who comes; lives on the loop.
actor Hosting {
  private let loop: EventLoop
  private var server: ChatServer?

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }

  init(on loop: EventLoop) { self.loop = loop }

  /// Starts a server where nobody listens, and says so.
  func begin(host: String, port: Int, on loop: EventLoop, _ prompt: Prompt) async {
    guard server == nil else { return }
    do {
      server = try await ChatServer.start(host: host, port: port, on: loop)
    } catch {
      // Somebody else was faster, and then there is a server to join; or joining says what is wrong.
      return
    }
    let note: SafeText =
      "Nobody listened at \(sanitizing: host) port \(port): hosting the chat here until you leave."
    prompt.print(note.styled(Style(dim: true)))
    let command = SafeText(sanitizing: Self.command).styled(Style(bold: true))
    prompt.print("The next person joins on this machine with:  \(command)")
    if prompt.kind == .full {
      let warning: SafeText =
        "While you stop this program with ctrl-z the chat stands still for everybody."
      prompt.print(warning.styled(Style(dim: true)))
    }
  }

  /// Says goodbye to those who are still there.
  func end() async { await server?.shutdown() }

  /// What the next person types: as this program was started, or as people start it who have just built it.
  private static var command: String {
    let program = CommandLine.arguments.first ?? ""
    let isFreshlyBuilt = program.isEmpty || program.contains(".build/")
    return isFreshlyBuilt ? "swift run chat-client" : program
  }
}
