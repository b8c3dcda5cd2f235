import Fluvial
import FluvialTerminal

/// Does on a terminal what its words say, for tests that hold the terminal's other side.
///
/// First the mode, then what to do in it.
let words = Array(CommandLine.arguments.dropFirst())

try EventLoop.run {
  let probe = try await TransportProbe(words: words)
  try await probe.run()
}
