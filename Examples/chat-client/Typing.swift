import ChatWire
import Fluvial
import FluvialTerminal

/// What becomes of what the user types: a message, a command, or the end.
struct Typing {
  private let connection: Connection
  private let prompt: Prompt
  private let clock: LoopClock

  /// How long the server may take to close after a goodbye.
  private static let patience = Duration.seconds(1)
  /// The same for a script, which would rather have the answers.
  private static let batchPatience = Duration.seconds(3)

  init(_ connection: Connection, prompt: Prompt, clock: LoopClock) {
    self.connection = connection
    self.prompt = prompt
    self.clock = clock
  }

  /// Takes what is typed until the user leaves.
  func run() async throws -> Ending {
    // Where lines cannot be put back, none may be lost.
    if prompt.kind != .full { await connection.waitUntilJoined() }
    while true {
      switch try await nextEvent() {
      case .line(let text):
        if let ending = try await take(text) { return ending }
      case .interrupt: return .interrupted
      case .endOfInput, nil: return try await leave(saying: "/quit")
      case .resized, .suspended, .resumed: break
      }
    }
  }

  private func nextEvent() async throws -> PromptEvent? {
    while true {
      do { return try await prompt.events.next() } catch let error as StreamError
        where error.code == .limitOverrun
      {
        complain("! line too long: not sent")
      }
    }
  }

  private func take(_ text: String) async throws -> Ending? {
    if await connection.wantsName {
      await connection.choose(text.split(separator: " ").joined(separator: " "))
      return nil
    }
    let lines = text.split(whereSeparator: \.isNewline).map { String($0).cleaned }
      .filter { !$0.allSatisfy(\.isWhitespace) }
    guard let first = lines.first else {
      await connection.hurry()
      return nil
    }
    if lines.count == 1, first == "/help", prompt.kind == .full { explainKeys() }
    if lines.count == 1, first == "/quit" || first.hasPrefix("/quit ") {
      return try await leave(saying: first)
    }
    // Of many lines none is a command: pasted text is text.
    let wire = lines.count == 1 ? lines : lines.compactMap { ClientLine.text($0).formatted }
    for line in wire {
      if let refusal = ClientWords.refusal(of: line) {
        complain(refusal)
        prompt.reject(text)
        return nil
      }
    }
    if prompt.kind == .batch { try await sendAll(wire) } else { await send(wire, typedAs: text) }
    return nil
  }

  /// Sends what a user has typed or pasted; what cannot be sent stays in the row.
  private func send(_ lines: [String], typedAs text: String) async {
    if lines.count > LinePacer.mostUnasked {
      let question = SafeText(sanitizing: ClientWords.question(lines: lines.count)) + " "
      let answer = await prompt.ask(question)
      guard answer == "y" || answer == "Y" else { return prompt.reject(text) }
      await connection.sendSlowly(lines)
      return
    }
    for (index, line) in lines.enumerated() {
      switch await connection.send(line) {
      case .sent: continue
      case .notConnected:
        complain(ClientWords.notConnected)
        await connection.hurry()
      case .busy: complain("! the server takes no more lines now: not sent")
      }
      return prompt.reject(lines[index...].joined(separator: "\n"))
    }
  }

  /// What the server cannot know of.
  private func explainKeys() {
    for line: SafeText in [
      "Tab         completes names and commands      ctrl-r   searches what you have sent",
      "Up, Down    what you have sent before         ctrl-l   draws the screen anew",
      "ctrl-c      clears the line                   ctrl-d   on an empty line leaves",
    ] { prompt.print(line.styled(Style(dim: true))) }
  }

  /// Sends what a script says.
  private func sendAll(_ lines: [String]) async throws {
    for line in lines { try await connection.sendInTurn(line) }
  }

  private func leave(saying goodbye: String) async throws -> Ending {
    guard await connection.leave(saying: goodbye) else { return .finished }
    // The server closes when it has sent everything, and that ends the session; this is for one that does not.
    try? await clock.sleep(for: prompt.kind == .batch ? Self.batchPatience : Self.patience)
    return .finished
  }

  private func complain(_ text: String) {
    prompt.print(SafeText(sanitizing: text).styled(Style(.red)))
  }
}
