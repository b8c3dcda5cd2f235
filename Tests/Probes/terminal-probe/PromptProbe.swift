import Fluvial
import FluvialTerminal
import Glibc

/// A program with a prompt: says what happens, and does what single lines ask for.
enum PromptProbe {
  static func run(words: [String]) async throws {
    var options = PromptOptions()
    if words.contains("cbreak") { options.mode = .cbreak(flowControl: false) }
    if let index = words.firstIndex(of: "history"), words.indices.contains(index + 1) {
      options.historyFile = HistoryFile(path: words[index + 1])
    }
    options.completion = { request in
      ["apple", "apricot", "banana"].filter { $0.hasPrefix(request.word) }
    }
    let ending = try await withPrompt("> ", options: options) { prompt in
      prompt.print("ready")
      return try await talk(prompt)
    }
    if ending == .interrupt { exit(130) }
  }

  private static func talk(_ prompt: Prompt) async throws -> PromptEvent? {
    for try await event in prompt.events {
      switch event {
      case .line("ask"):
        let answer = await prompt.ask("sure? (y/n)")
        prompt.print("answer \(sanitizing: answer.map(String.init) ?? "none")")
      case .line("burst"):
        // From many threads at once.
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<4 {
            group.addTask(executorPreference: globalConcurrentExecutor) {
              for number in 0..<75 { prompt.print("burst \(number)") }
            }
          }
        }
        prompt.print("burst over")
      case .line("flood"):
        for number in 0..<5_000 { prompt.print("flood \(number)") }
      case .line("lend"):
        try await prompt.withCooked {
          prompt.print("waits")
          let script = "echo outside; read line; echo \"child read $line\""
          try await withProcess("sh", ["-c", script]) { _ = try await $0.wait() }
        }
      case .line("reject"): prompt.reject("reject me not")
      case .line("throw"): throw ProbeError()
      case .line("crash"): fatalError("the probe gave up")
      case .line("exit"): exit(3)
      case .line("text"): prompt.setText("new> ", keepsHistory: false)
      case .line(let line): prompt.print("said [\(sanitizing: line)] \(line.count)")
      case .resized(let size): prompt.print("size \(size.columns)x\(size.rows)")
      case .suspended: break
      case .resumed: prompt.print("resumed")
      case .interrupt, .endOfInput: return event
      }
    }
    return nil
  }
}

/// A program that says what every key is, until `q`.
enum KeysProbe {
  static func run() async throws {
    let terminal = try await Terminal.open()
    try await terminal.withMode(.raw) {
      terminal.write("ready\r\n")
      for try await key in terminal.keys {
        if key == .text("q") { break }
        if key == .key(.character("z"), .control) { await terminal.suspend() }
        terminal.write("\(key)\r\n")
      }
    }
    await terminal.close()
    // The terminal can be opened again.
    let again = try await Terminal.open()
    await again.close()
  }
}

/// Adds a line to a history file, and says what came of it.
enum HistoryProbe {
  static func run(path: String) async throws {
    let reader = try await standardInput()
    let line = String(decoding: try await reader.readToEnd(), as: UTF8.self)
    do throws(UVError) {
      try HistoryFile(path: path).append(line)
      print("kept")
    } catch {
      print(error.name)
    }
  }
}
