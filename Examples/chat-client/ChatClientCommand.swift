import ArgumentParser
import ChatWire
import Fluvial
import FluvialTerminal
import ProgramSupport

/// The chat client: reads the command line, runs the session, ends with its status.
@main
struct ChatClientCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat-client",
    abstract: "Chat in a terminal, or from a script.",
    discussion: """
      chat-client                        joins here, or hosts a chat for the next ones to join
      chat-client example.org 8000 ann   joins there, as ann
      echo hi | chat-client              says each line of its input, and leaves

      On a terminal: Enter sends, Tab completes names and commands, the arrows go through what was sent, ctrl-d on an \
      empty line leaves. /help shows the commands and more keys. ctrl-z stops the program, and a chat that it hosts, \
      until fg.

      Nothing is encrypted: everybody on the way can read everything, private messages too.

      Exit codes: 0 left, 64 wrong usage, 69 no server or not any more, 74 the output was lost, 130 ctrl-c.
      """,
    version: programVersion)

  @Option(help: "The server's host (default: 127.0.0.1).")
  var host: String?

  @Option(help: "The server's port (default: 8000, or CHAT_PORT).")
  var port: Int?

  @Option(help: "Your name in the chat (default: asked for, or the login name).")
  var name: String?

  @Option(help: "How the keyboard is read: raw, or cbreak, where ctrl-c and ctrl-z are signals.")
  var mode = KeyboardMode.raw

  @Option(help: "When to use colour: auto, always or never.")
  var color = ColorWhen.auto

  @Flag(help: "Lines only, without moving the cursor: for screen readers.")
  var plain = false

  @Flag(name: .customLong("no-reconnect"), help: "End when the connection is lost.")
  var endsWithConnection = false

  @Option(help: "Keep what you send in this file, to go back to it the next time.")
  var history: String?

  @Flag(help: "Ring the bell when somebody says your name.")
  var bell = false

  @Argument(help: "The same as --host, --port and --name, in this order.")
  var words: [String] = []

  func validate() throws { _ = try settings }

  func run() throws {
    let settings = try settings
    let ending = try EventLoop.run { await ChatClient.run(settings) }
    if let complaint = ending.complaint { Complaint.write(complaint) }
    if ending.status != 0 { throw ExitCode(ending.status) }
  }

  /// What the words on the command line come to.
  var settings: Settings {
    get throws {
      guard words.count <= 3 else {
        throw ValidationError("At most three words are expected: host, port and name.")
      }
      let host = try one(host, words.first, "the host")
      let givenPort = try one(port.map(String.init), words.dropFirst().first, "the port")
      let portWord = givenPort ?? DefaultPort.variable
      let name = try one(name, words.dropFirst(2).first, "the name")
      var settings = Settings()
      if let host {
        guard !host.isEmpty else { throw ValidationError("The host is empty.") }
        settings.host = host
      }
      if let portWord {
        guard let port = Int(portWord), (1...65_535).contains(port) else {
          throw ValidationError("The port must be a number from 1 to 65535, not \(portWord).")
        }
        settings.port = port
      }
      if let name {
        do { settings.name = try UserName(name) } catch {
          throw ValidationError("Bad name: \(error).")
        }
      }
      settings.mayHost = host == nil && givenPort == nil
      settings.mode = mode.terminalMode
      settings.color = color.choice
      settings.isPlain = plain
      settings.reconnects = !endsWithConnection
      settings.ringsBell = bell
      if let history {
        guard !history.isEmpty else { throw ValidationError("The path of the history is empty.") }
        settings.historyPath = history
      }
      return settings
    }
  }

  private func one(_ option: String?, _ word: String?, _ what: String) throws -> String? {
    guard option == nil || word == nil else {
      throw ValidationError("Both an option and a word say what \(what) is.")
    }
    return option ?? word
  }
}

/// The modes that can be asked for.
enum KeyboardMode: String, ExpressibleByArgument, CaseIterable {
  case raw
  case cbreak

  var terminalMode: TerminalMode {
    switch self {
    case .raw: .raw
    // Otherwise ctrl-s would freeze the screen.
    case .cbreak: .cbreak(flowControl: false)
    }
  }
}

/// When to use colour.
enum ColorWhen: String, ExpressibleByArgument, CaseIterable {
  case auto
  case always
  case never

  var choice: ColorChoice {
    switch self {
    case .auto: .auto
    case .always: .always
    case .never: .never
    }
  }
}
