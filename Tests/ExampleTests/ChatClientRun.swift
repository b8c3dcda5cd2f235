import ChatServing
import ChatWire
import Fluvial
import TestSupport

/// A chat client on a terminal of its own, from before its start until after its end.
struct ChatClientRun {
  let terminal: PseudoTerminal
  let client: Child
  let before: TerminalAttributes

  /// What is written whenever a mode is left.
  static let offString = "\u{1b}[?2004l\u{1b}[0m\u{1b}[?25h\r\u{1b}[J"

  /// Starts a client with these arguments; without colour, so that what is shown is what is compared.
  init(
    _ arguments: [String], columns: Int = 80, rows: Int = 24,
    environment: [String: String] = [:]
  ) throws {
    terminal = try PseudoTerminal(columns: columns, rows: rows)
    before = try terminal.attributes()
    var all = ["NO_COLOR": "1", "TZ": "UTC"]
    all.merge(environment) { $1 }
    client = try terminal.spawn(
      BuiltProducts.executable("chat-client"), arguments, environment: all)
  }

  /// Starts a client that joins as `name`, and waits until it is in.
  init(_ name: String, at port: Int, _ options: String...) throws {
    try self.init(["127.0.0.1", "\(port)", name] + options)
    try terminal.waitFor("Welcome, \(name)!")
  }

  /// Types a line and presses enter.
  func enter(_ line: String) throws { try terminal.type(line + "\r") }

  /// Waits for the end, and reads what is left to read.
  func finish(within limit: Duration = .seconds(20)) throws -> (
    ending: TestSupport.Ending, isRestored: Bool, output: String
  ) {
    let ending = try terminal.wait(for: client, within: limit)
    let isRestored = try terminal.attributes() == before
    return (ending, isRestored, try terminal.readRest())
  }

  /// Leaves with ctrl-d, and expects everything as it was.
  func leave() throws -> (ending: TestSupport.Ending, isRestored: Bool, output: String) {
    try terminal.type("\u{4}")
    return try finish()
  }
}

/// Runs a chat on loopback while `body` runs, which gets the port and may block.
func withChatRoom<Result>(
  limits change: (inout ChatLimits) -> Void = { _ in }, _ body: (Int) throws -> Result
) throws -> Result {
  var limits = ChatLimits()
  change(&limits)
  let server = try EventLoop.run { [limits] in
    try await ChatServer.start(port: 0, limits: limits, on: .shared)
  }
  defer { _ = try? EventLoop.run { await server.shutdown() } }
  return try body(server.localAddress?.port ?? 0)
}

/// A server that lets everybody in and then says what it is told, whatever it hears.
func withScriptedServer<Result>(
  saying lines: [String], _ body: (Int) throws -> Result
) throws -> Result {
  let text = lines.map { $0 + "\n" }.joined()
  let handler: Server.Handler = { reader, writer in
    _ = try await reader.readLine()
    try await writer.write("* Welcome, ann! 1 user(s) online. /help for commands\n")
    try await writer.write(text)
    // Answers as the room does, so that a test can tell where it is.
    while let line = try await reader.readLine(), line != "/quit" {
      if !line.hasPrefix("/") { try await writer.write("<ann> \(line)\n") }
    }
  }
  return try withLoopbackServer(handler: handler, body)
}
