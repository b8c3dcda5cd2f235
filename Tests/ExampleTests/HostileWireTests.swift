import Fluvial
import Glibc
import TestSupport
import Testing

/// Over a hundred ways to be hostile, against the server as it was built.
@Suite struct HostileWireTests {
  @Test func `no hostile client harms the server, its readers or its memory`() throws {
    let run = try ChatServerRun([
      "0", "--burst", "1000000", "--rate", "1000000", "--bytes", "1073741824", "--max-clients",
      "4096", "--max-per-address", "4096", "--history", "0", "--hello", "60",
    ])
    let process = "\(run.program.processID)"
    #expect(HostileWireCase.all.count > 100)
    try EventLoop.run { [port = run.port] in
      let witness = try await ChatVisitor(port: port)
      try await witness.say("CONNECT witness")
      try await witness.settle()
      var before = 0
      for (number, hostile) in HostileWireCase.all.enumerated() {
        // Once everything has been at its largest.
        if number == HostileWireCase.all.count / 2 { before = try residentBytes(of: process) }
        do {
          try await withTimeout(.seconds(20) * BuildKind.patience) {
            try await Self.run(hostile, number, witness, port)
          }
        } catch {
          Issue.record("\(hostile): \(error)")
          _ = try await witness.settle()
        }
      }
      let growth = try residentBytes(of: process) - before
      #expect(growth < 4 << 20 || BuildKind.isSanitized, "\(growth) bytes")
    }
    run.program.signal(SIGTERM)
    let outcome = try run.program.finish()
    #expect(outcome.ending == .exited(0))
    // The log went to a terminal, perhaps.
    #expect(
      outcome.error.unicodeScalars.allSatisfy { $0 == "\n" || Self.isHarmless($0) },
      "the log has a control character")
  }

  private static func run(
    _ hostile: HostileWireCase, _ number: Int, _ witness: ChatVisitor, _ port: Int
  ) async throws {
    let name = "c\(number)"
    func named(_ text: String) -> String { text.replacing("NAME", with: name) }
    let client = try await ChatVisitor(port: port)
    if hostile.joins {
      try await client.say("CONNECT \(name)")
      try await client.settle()
      try await witness.settle()
    } else {
      try await client.expect("* chat ready - say: CONNECT <name>")
    }
    for piece in hostile.pieces {
      try await client.send(replaced(piece, name))
      try await client.writer.flush()
    }
    switch hostile.farewell {
    case .stays: break
    case .endsItsSide: try client.writer.writeEOF()
    case .resets: client.writer.abort()
    }
    var seen: [String] = []
    switch hostile.outcome {
    case .everybodyReads(let line):
      seen = try await witness.skip(to: named(line))
    case .answered(let start):
      try await expect(client, toRead: named(start))
    case .closed(let start):
      var last = hostile.joins ? "" : "* chat ready - say: CONNECT <name>"
      for line in try await client.rest() { last = line }
      guard last.hasPrefix(start) else {
        throw ChatTestFailure(description: "closed behind \(last)")
      }
    case .nothing: break
    }
    // Alive, and nothing that anybody was sent could do harm.
    seen += try await witness.settle()
    client.writer.close()
    if case .answered = hostile.outcome, let heard = seen.first(where: { $0.hasPrefix("<") }) {
      throw ChatTestFailure(description: "everybody heard \(heard)")
    }
    for line in seen where !line.unicodeScalars.allSatisfy(isHarmless) || line.utf8.count > 4_096 {
      throw ChatTestFailure(description: "reached others: \(line.debugDescription)")
    }
    // Where somebody comes from is nobody's business.
    if let line = seen.first(where: { $0.contains("127.0.0.1") }) {
      throw ChatTestFailure(description: "an address was shown: \(line)")
    }
  }

  private static func expect(_ client: ChatVisitor, toRead start: String) async throws {
    while let line = try await client.next() {
      guard line.unicodeScalars.allSatisfy(isHarmless) else {
        throw ChatTestFailure(description: "was answered \(line.debugDescription)")
      }
      if line.hasPrefix(start) { return }
    }
    throw ChatTestFailure(description: "the end came before \(start)")
  }

  /// Puts the name into bytes that need not be text.
  private static func replaced(_ piece: [UInt8], _ name: String) -> [UInt8] {
    guard let range = piece.firstRange(of: Array("NAME".utf8)) else { return piece }
    return Array(piece[..<range.lowerBound]) + Array(name.utf8) + Array(piece[range.upperBound...])
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x61C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069,
      0xFEFF:
      false
    default: true
    }
  }
}
