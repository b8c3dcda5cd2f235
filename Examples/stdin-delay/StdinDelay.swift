import ArgumentParser
import Fluvial
import FluvialTerminal
import ProgramSupport

/// Type a number, and it sleeps so many seconds, while you go on typing.
///
/// The same code reads lines that the terminal edits, keys in raw mode, or a pipe: what the session is, is the prompt's
/// business.
@main
struct StdinDelay: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stdin-delay",
    abstract: "Type numbers: each one sleeps so many seconds while you go on typing.",
    discussion: "The end of the input, ctrl-d on a terminal, waits for those that still sleep.",
    version: programVersion)

  @Flag(help: "Read key by key, with a row to type in below what is printed.")
  var raw = false

  func run() throws {
    var options = PromptOptions()
    options.prefersPlain = !raw
    let isInterrupted = try EventLoop.run { [options] in
      try await withPrompt("seconds: ", options: options) { try await Sleepers(prompt: $0).run() }
    }
    if isInterrupted { throw ExitCode.interrupted }
  }
}

/// The delays that are running, and the one who starts them.
struct Sleepers {
  let prompt: Prompt

  /// Longer than anybody watches.
  private static let longest = 86_400

  /// Takes numbers until the input ends; returns whether the user wants to leave at once.
  func run() async throws -> Bool {
    let clock = (EventLoop.current ?? .shared).clock
    if prompt.kind != .batch { prompt.print("Type a number of seconds, and enter.") }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      for try await event in prompt.events {
        switch event {
        case .line(let line):
          guard let seconds = seconds(in: line) else { continue }
          // A child task: reading goes on meanwhile.
          group.addTask { try await sleep(seconds, on: clock) }
        case .interrupt:
          group.cancelAll()
          return true
        case .endOfInput: return try await finish(&group)
        case .resized, .suspended, .resumed: break
        }
      }
      return try await finish(&group)
    }
  }

  private func sleep(_ seconds: Int, on clock: LoopClock) async throws {
    prompt.print("sleeping for \(seconds) second(s)")
    try await clock.sleep(for: .seconds(seconds))
    prompt.print("finished sleeping for \(seconds) second(s)")
  }

  private func finish(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws -> Bool {
    try await group.waitForAll()
    return false
  }

  private func seconds(in line: String) -> Int? {
    let word = line.split(separator: " ").joined(separator: " ")
    guard !word.isEmpty else { return nil }
    guard let seconds = Int(word), (0...Self.longest).contains(seconds) else {
      prompt.print("not a number of seconds: \(sanitizing: word)")
      return nil
    }
    return seconds
  }
}
