import ChatWire
import Fluvial
import FluvialTerminal

/// One run of the client, from the prompt's first appearance until the terminal is restored.
enum ChatClient {
  static func run(_ settings: Settings) async -> Ending {
    let loop = EventLoop.current ?? .shared
    let people = People(on: loop)
    var options = PromptOptions()
    options.mode = settings.mode
    options.color = settings.color
    options.prefersPlain = settings.isPlain
    options.historyFile = settings.historyPath.map { HistoryFile(path: $0) }
    // The prompt asks on the loop, where the names live.
    options.completion = { request in people.assumeIsolated { $0.completions(for: request) } }
    var ending: Ending?
    do {
      return try await withPrompt("> ", options: options, on: loop) { prompt in
        let talked = try await talk(settings, prompt, people, loop)
        ending = talked
        return talked
      }
    } catch let ending as Ending {
      return ending
    } catch {
      // After the talk there is only the output left that can fail.
      return ending == nil ? .unavailable("\(error)") : .unheard(error)
    }
  }

  private static func talk(
    _ settings: Settings, _ prompt: Prompt, _ people: People, _ loop: EventLoop
  ) async throws -> Ending {
    guard let name = try await NameQuestion(prompt).name(from: settings) else { return .finished }
    let hosting = Hosting(on: loop)
    let connection = Connection(
      settings, name: name, prompt: prompt, people: people, hosting: hosting, on: loop)
    let typing = Typing(connection, prompt: prompt, clock: loop.clock)
    // Whichever ends first ends the other: the user leaves, or there is no server any more.
    let result = await withTaskGroup(of: Result<Ending, any Error>.self) { group in
      group.addTask { await Result { try await connection.run() } }
      group.addTask { await Result { try await typing.run() } }
      defer { group.cancelAll() }
      return await group.next() ?? .success(.finished)
    }
    await hosting.end()
    return try result.get()
  }
}

/// Finds out what the user wants to be called.
struct NameQuestion {
  private let prompt: Prompt

  init(_ prompt: Prompt) { self.prompt = prompt }

  /// The name that was given, typed or found; nil if the user would rather leave.
  func name(from settings: Settings) async throws -> UserName? {
    if let name = settings.name { return name }
    let offered = LoginName.current.flatMap { try? UserName($0) }
    guard prompt.kind != .batch else { return try offered ?? UserName("guest") }
    if prompt.kind == .full {
      let words: SafeText =
        offered == nil
        ? "What shall the others call you?"
        : "What shall the others call you? Enter alone takes the name in brackets."
      prompt.print(words.styled(Style(dim: true)))
    }
    let answer = try await ask("your name", offered: offered)
    prompt.setText("> ")
    return answer
  }

  /// Asks until the answer is a name.
  func ask(_ words: SafeText, offered: UserName?) async throws -> UserName? {
    var question = words
    if let offered { question += " [\(sanitizing: offered.text)]" }
    question += ": "
    prompt.setText(question, keepsHistory: false)
    if prompt.kind != .full { prompt.print(question) }
    for try await event in prompt.events {
      switch event {
      case .line(let line):
        let spelling = line.split(separator: " ").joined(separator: " ")
        if spelling.isEmpty, let offered { return offered }
        do { return try UserName(spelling) } catch {
          prompt.print("! bad name: \(sanitizing: error.description)")
        }
      case .interrupt: throw Ending.interrupted
      case .endOfInput: return nil
      case .resized, .suspended, .resumed: break
      }
    }
    return nil
  }
}

extension Result where Failure == any Error {
  /// What `body` comes to.
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
