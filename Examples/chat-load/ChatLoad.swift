import ArgumentParser
import Fluvial
import Glibc
import ProgramSupport

/// A crowd for the chat server: most listen, some talk, one never reads; and figures at the end.
@main struct ChatLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat-load",
    abstract: "Puts a crowd into a chat server and checks what everybody reads.",
    discussion: """
      swift run -c release chat-load                  a minute with 251 clients
      swift run -c release chat-load --seconds 600    the same for ten minutes

      Starts the chat-server that was built beside it. Fails, with exit code 1, when two clients
      read different lines, when one that reads loses its connection, when the one that does not
      read is kept, when the server's memory grows, or when half of the lines take longer than
      they may.
      """,
    version: programVersion)

  @Option(help: "How long the talkers talk.")
  var seconds = 60

  @Option(help: "How many clients only listen.")
  var idle = 200

  @Option(help: "How many clients talk.")
  var talkers = 50

  @Option(help: "Every so many seconds somebody comes and is gone without a word; 0 for never.")
  var vanishing = 0

  @Option(help: "How many lines a second each of them says.")
  var rate = 3.6

  @Option(help: "How many bytes a line has at most.")
  var longest = 1_000

  @Option(help: "The most that may wait for who does not read, in KiB.")
  var queue = 256

  @Option(help: "By how many KiB the server's memory may grow in the second half.")
  var growth = 4_096

  @Option(help: "How many milliseconds half of the lines may take at most to come back.")
  var delay = 50

  func validate() throws {
    guard (1...86_400).contains(seconds), (0...10_000).contains(idle),
      (1...1_000).contains(talkers), (0.1...1_000).contains(rate),
      (64...2_000).contains(longest), (1...1_000_000).contains(queue),
      (0...86_400).contains(vanishing)
    else { throw ValidationError("That is out of range.") }
  }

  func run() throws {
    let server = try ServerProcess(arguments: serverArguments)
    let crowd = Crowd(
      port: server.port, processID: server.processID, idle: idle, talkers: talkers,
      duration: .seconds(seconds), pause: .seconds(1 / rate), longest: longest,
      vanishing: vanishing > 0 ? .seconds(vanishing) : nil)
    let result = try EventLoop.run { try await crowd.run() }
    let status = server.stop()
    let failures = Verdict(result, limits: self, exitStatus: status).print()
    if failures > 0 { throw ExitCode.failure }
  }

  private var serverArguments: [String] {
    let arguments = [
      "127.0.0.1", "0", "--max-clients", "\(idle + talkers + 16)", "--max-per-address",
      "\(idle + talkers + 16)", "--outq", "\(queue * 1_024)",
    ]
    // The server's own limits are part of what is tried, unless it is asked for more than they allow.
    if rate < 4, Double(longest) * rate < 8_192 { return arguments }
    return arguments + ["--rate", "2000", "--burst", "2000", "--bytes", "\(1 << 24)"]
  }
}
