import Fluvial
import FluvialTerminal

/// Does on a terminal what its words say, for tests that hold the terminal's other side.
let words = Array(CommandLine.arguments.dropFirst())

try EventLoop.run {
  switch words.first {
  case "prompt": try await PromptProbe.run(words: words)
  case "keys": try await KeysProbe.run()
  case "ownership": try await OwnershipProbe.run()
  case "append": try await HistoryProbe.run(path: words.last ?? "")
  case "edit": try await EditorProbe.run()
  case "shortage": try await ShortageProbe.run(leaving: words.last.flatMap { Int($0) } ?? 0)
  default:
    let probe = try await TransportProbe(words: words)
    try await probe.run()
  }
}
