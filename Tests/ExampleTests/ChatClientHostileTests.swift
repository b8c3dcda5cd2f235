import Fluvial
import TestSupport
import Testing

/// The chat client against servers that mean harm.
@Suite struct ChatClientHostileTests {
  /// Sequences that would clear the screen, set the title, ask the terminal, or write the clipboard.
  private static let attacks = [
    "\u{1b}[2J", "\u{1b}]0;title\u{7}", "\u{1b}[6n", "\u{1b}[c", "\u{1b}]52;c;ZXZpbA==\u{7}",
    "\u{1b}P$qm\u{1b}\\", "\u{9b}2J", "\u{202e}evil", "\r", "\u{8}", "\u{0}", "\u{e}",
  ]

  // Y15
  @Test func `nothing that a server says steers the terminal`() throws {
    let lines = Self.attacks.flatMap { attack in
      [
        "<bob> \(attack)x", "<\(attack)> x", "-\(attack)- x", "-> \(attack): x", "* \(attack)x",
        "! 500 \(attack)x", "@12\(attack) x", "PONG \(attack)", "\(attack)x", "* \(attack) joined",
      ]
    }
    try withScriptedServer(saying: lines + ["<bob> over"]) { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.terminal.waitFor("<bob> over")
      try ann.terminal.type("\t\t")
      try ann.enter("\u{15}done")
      try ann.terminal.waitFor("<ann> done")
      let end = try ann.leave()
      #expect(end.ending == .exited(0))
      #expect(end.isRestored)
      for sequence in [
        "\u{1b}[2J", "\u{1b}]", "\u{1b}[6n", "\u{1b}[c", "\u{1b}P", "\u{202e}", "\u{9b}",
      ] {
        #expect(!end.output.contains(sequence), "\(sequence.debugDescription)")
      }
      #expect(!end.output.unicodeScalars.contains { "\u{0}\u{8}\u{e}".unicodeScalars.contains($0) })
    }
  }

  @Test func `the same in a script`() throws {
    let lines = Self.attacks.map { "<bob> \($0)x" }
    try withScriptedServer(saying: lines) { port in
      let outcome = try PipedProgram.run(
        BuiltProducts.executable("chat-client"), ["127.0.0.1", "\(port)", "ann"], input: "done\n")
      #expect(outcome.ending == .exited(0))
      #expect(outcome.output.contains("<bob> ^[[2Jx\n"))
      #expect(!outcome.output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }
  }

  @Test func `a line of 48 MB is cut, and the chat goes on`() throws {
    let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
    let handler: Server.Handler = { reader, writer in
      _ = try await reader.readLine()
      try await writer.write("* Welcome, ann! 1 user(s) online.\n<bob> ")
      for _ in 0..<48 { try await writer.write(chunk) }
      try await writer.write("\n<bob> after\n")
      while let line = try await reader.readLine(), line != "/quit" {}
    }
    try withLoopbackServer(handler: handler) { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.terminal.waitFor("a line of more than 1048576 bytes was cut")
      try ann.terminal.waitFor("<bob> after")
      #expect(try ann.leave().isRestored)
    }
  }

  @Test func `bytes that come one at a time, and no UTF-8, are read as well as can be`() throws {
    var bytes = Array("<bob> a".utf8) + [0xff, 0xc3, 0x28, 0xe2, 0x82] + Array("z\n".utf8)
    bytes += Array("<bob> whole\n".utf8)
    let handler: Server.Handler = { [bytes] reader, writer in
      _ = try await reader.readLine()
      try await writer.write("* Welcome, ann! 1 user(s) online.\n")
      for byte in bytes {
        try await writer.write([byte])
        try await writer.flush()
      }
      while let line = try await reader.readLine(), line != "/quit" {}
    }
    try withLoopbackServer(handler: handler) { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.terminal.waitFor("<bob> a\u{fffd}\u{fffd}(\u{fffd}z")
      try ann.terminal.waitFor("<bob> whole")
      #expect(try ann.leave().isRestored)
    }
  }

  @Test func `a flood leaves the keyboard alive`() throws {
    let handler: Server.Handler = { reader, writer in
      _ = try await reader.readLine()
      try await writer.write("* Welcome, ann! 1 user(s) online.\n")
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          let lines = Array(String(repeating: "<bob> flood flood\n", count: 500).utf8)
          while true { try await writer.write(lines) }
        }
        while let line = try await reader.readLine(), !line.hasPrefix("/quit") {}
        group.cancelAll()
      }
    }
    try withLoopbackServer(handler: handler) { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.terminal.waitFor("flood flood")
      try ann.terminal.type("draft")
      try ann.terminal.waitFor("> draft")
      try ann.terminal.type("\u{15}\u{4}")
      let end = try ann.finish(within: .seconds(10))
      #expect(end.ending == .exited(0))
      #expect(end.isRestored)
    }
  }

  @Test func `a server that pings is answered, whatever it asks`() throws {
    let handler: Server.Handler = { reader, writer in
      _ = try await reader.readLine()
      try await writer.write("* Welcome, ann! 1 user(s) online.\nPING \u{1b}[2Jx\n")
      while let line = try await reader.readLine(), line != "/quit" {
        if line.hasPrefix("/pong") { try await writer.write("* answered \(line)\n") }
      }
    }
    try withLoopbackServer(handler: handler) { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.terminal.waitFor("* answered /pong \u{fffd}[2Jx")
      #expect(try ann.leave().isRestored)
    }
  }
}
