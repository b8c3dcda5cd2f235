import ChatWire
import Fluvial
import FluvialTerminal

/// Whose names were seen, for completing them; lives on the loop.
actor People {
  private let loop: EventLoop
  /// By their keys; the newest last.
  private var names: [UserName] = []

  /// Hostile servers may name anybody.
  private static let limit = 1000
  private static let commands = ["/help", "/me ", "/msg ", "/nick ", "/ping", "/quit", "/who"]

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  init(on loop: EventLoop) { self.loop = loop }

  /// Takes the names out of a line from the server.
  func learn(from line: ServerLine) {
    switch line {
    case .message(let name, _), .privateMessage(let name, _), .privateCopy(let name, _): add(name)
    case .notice(let text): learn(fromNotice: text)
    case .error, .ping, .pong, .unknown: break
    }
  }

  private func learn(fromNotice text: String) {
    let words = text.split(separator: " ")
    guard words.count >= 2 else { return }
    switch words[1] {
    case "joined" where words.count == 2: add(String(words[0]))
    case "left": remove(String(words[0]))
    case "is" where words.count == 4 && words[2] == "now":
      remove(String(words[0]))
      add(String(words[3]))
    case "online:":
      for word in words.dropFirst(2) { add(String(word.hasSuffix(",") ? word.dropLast() : word)) }
    default: break
    }
  }

  private func add(_ spelling: String) {
    guard let name = try? UserName(spelling) else { return }
    names.removeAll { $0 == name }
    names.append(name)
    if names.count > Self.limit { names.removeFirst() }
  }

  private func remove(_ spelling: String) {
    guard let name = try? UserName(spelling) else { return }
    names.removeAll { $0 == name }
  }

  /// What the word before the cursor can become: a command, or a name, who spoke last first.
  func completions(for request: CompletionRequest) -> [String] {
    let isFirst = request.before.isEmpty
    if isFirst, request.word.hasPrefix("/") {
      return Self.commands.filter { $0.hasPrefix(request.word) }
    }
    let start = request.word.lowercased()
    return names.reversed().filter { $0.text.lowercased().hasPrefix(start) }
      .map { $0.text + (isFirst ? ": " : " ") }
  }
}
