import Fluvial
import FluvialTerminal

// Shown in "Terminals".

func talk() async throws {
  try await withPrompt("> ") { prompt in
    for try await event in prompt.events {
      switch event {
      case .line(let line): prompt.print("you said \(sanitizing: line)")
      case .interrupt, .endOfInput: return
      case .resized, .suspended, .resumed: break
      }
    }
  }
}

func chat(with reader: StreamReader, _ writer: StreamWriter) async throws {
  try await withPrompt("> ") { prompt in
    try await withThrowingTaskGroup(of: Void.self) { group in
      // What comes in is printed above the line that is being typed.
      group.addTask {
        for try await line in reader.lines { prompt.print("\(sanitizing: line)") }
      }
      group.addTask {
        for try await event in prompt.events {
          switch event {
          case .line(let line): try await writer.writeLine(line)
          case .interrupt, .endOfInput: return
          case .resized, .suspended, .resumed: break
          }
        }
      }
      // Whoever is done first ends the other.
      try await group.next()
      group.cancelAll()
    }
  }
}

func showKeys() async throws {
  let terminal = try await Terminal.open()
  try await terminal.withMode(.raw, switchingOn: [.alternateScreen, .bracketedPaste]) {
    for try await event in terminal.events() {
      switch event {
      case .key(.key(.character("c"), .control)): return
      case .key(let key): terminal.write("\(key)\n")
      case .change(.resized), .change(.resumed): break  // and draw everything anew
      case .change(.suspended): break
      }
    }
  }
  await terminal.close()
}

func editMessage(at path: String, with prompt: Prompt) async throws {
  // The editor gets the terminal as it expects it, and we get it back as we had it.
  try await prompt.withCooked {
    try await withProcess("vi", [path]) { editor in _ = try await editor.wait() }
  }
}

func talkAndRemember() async throws {
  var options = PromptOptions()
  options.historyFile = HistoryFile(path: "history", limit: 500)
  try await withPrompt("> ", options: options) { prompt in
    for try await event in prompt.events {
      guard case .line(let line) = event else { return }
      prompt.print("you said \(sanitizing: line)")
    }
  }
}

/// A line editor without a terminal: bytes become keys, keys become lines, and a screen becomes bytes.
func edit(
  _ bytes: [UInt8], at now: Duration, with decoder: inout KeyDecoder,
  _ editor: inout LineEditor, on screen: inout PromptScreen
) -> [String] {
  var lines: [String] = []
  for event in decoder.feed(bytes, now: now) {
    for action in editor.handle(event, now: now) {
      if case .submit(let line) = action { lines.append(line) }
    }
  }
  screen.show(editor, prompt: "> ")
  return lines
}

func line(from name: String, saying message: String) -> SafeText {
  let name = SafeText(sanitizing: name).styled(Style(.cyan))
  return "<\(name)> \(sanitizing: message)"
}
