import CheckRows
import Fluvial
import FluvialTransports
import StreamTestSupport
import TestSupport

/// W1: each case on a connection of its own, while somebody else in the room sees only what is harmless.
func wireCases(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let program = try BuiltProducts.executable("chat-server")
  // Its limits for floods are tried elsewhere and would only slow this down.
  let arguments = [
    "127.0.0.1", "0", "--rate", "1000000", "--burst", "1000000", "--bytes", "\(1 << 30)",
  ]
  let (done, wrong) = try EventLoop.run {
    try await withProcess(program, arguments, output: .pipe, error: .null) { process in
      guard let line = try await process.standardOutput?.readLine(),
        let port = line.split(separator: " ").last.flatMap({ Int($0) })
      else { throw CheckFailure("The chat server did not start.") }
      return try await WireRun(port: port, seed: options.seed).run()
    }
  }
  return check.row(
    held: wrong.isEmpty && done >= 100,
    figure: "\(done) cases, \(wrong.count) wrong"
      + wrong.prefix(5).map { "; \($0)" }.joined(),
    threshold: "at least 100, 0 wrong, the server goes on")
}

private struct WireRun: Sendable {
  let port: Int
  let seed: UInt64

  func run() async throws -> (done: Int, wrong: [String]) {
    let witness = try await Visitor.join("witness", port: port)
    var done = 0
    var wrong: [String] = []
    func attempt(_ name: String, _ body: () async throws -> Void) async throws {
      done += 1
      do { try await body() } catch { wrong.append("\(name): \(error)") }
      let seen = try await witness.settle()
      if let bad = seen.first(where: \.hasControl) {
        wrong.append("\(name): the witness saw \(bad.debugDescription)")
      }
    }
    for wireCase in WireCase.all {
      try await attempt(wireCase.name) { try await run(wireCase) }
    }
    for beginning in BadBeginning.all {
      try await attempt(beginning.name) { try await run(beginning) }
    }
    var random = SeededGenerator(seed: seed)
    for number in 0..<10 {
      let noise = (0..<50_000).map { _ in UInt8.random(in: 0...255, using: &random) }
      try await attempt("noise \(number)") {
        try await run(BadBeginning("noise", noise, nil, number.isMultiple(of: 2) ? .end : .reset))
      }
    }
    witness.writer.close()
    return (done, wrong)
  }

  private func run(_ wireCase: WireCase) async throws {
    let eve = try await Visitor.join("eve", port: port)
    for piece in wireCase.pieces {
      try await eve.writer.write(piece)
      try await eve.writer.flush()
    }
    let seen = try await eve.settle()
    try await eve.leave()
    if let answer = wireCase.answer {
      guard seen.contains(where: { $0.utf8.contains(answer.utf8) }) else {
        throw CheckFailure("no \(answer.debugDescription) in \(seen.prefix(3))")
      }
    } else if !seen.isEmpty {
      throw CheckFailure("there was \(seen.prefix(3))")
    }
    if let bad = seen.first(where: \.hasControl) {
      throw CheckFailure("there was \(bad.debugDescription)")
    }
  }

  private func run(_ beginning: BadBeginning) async throws {
    let eve = try await Visitor(port: port)
    defer { eve.writer.abort() }
    // Who is shown out in the middle of it is no surprise.
    try? await withTimeout(.seconds(20)) { try await eve.writer.write(beginning.bytes) }
    switch beginning.ending {
    case .reset: eve.writer.abort()
    case .end: try? eve.writer.writeEOF()
    case .ping: try? await eve.writer.write("\nCONNECT eve\n/ping settled\n")
    }
    guard let answer = beginning.answer else { return }
    let seen = try await withTimeout(.seconds(10)) {
      var seen: [String] = []
      while let line = try await eve.reader.readLine() {
        seen.append(line)
        if line.utf8.contains(answer.utf8) { break }
      }
      return seen
    }
    guard seen.last?.utf8.contains(answer.utf8) == true else {
      throw CheckFailure("no \(answer.debugDescription) in \(seen.prefix(3))")
    }
  }
}

/// Somebody at the chat server, as any program may be.
private struct Visitor: Sendable {
  let reader: StreamReader
  let writer: StreamWriter

  init(port: Int) async throws {
    (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
  }

  static func join(_ name: String, port: Int) async throws -> Visitor {
    let visitor = try await Visitor(port: port)
    try await visitor.writer.write("CONNECT \(name)\n")
    _ = try await visitor.settle()
    return visitor
  }

  /// What came before the answer to a ping.
  func settle() async throws -> [String] {
    try await writer.write("/ping settled\n")
    return try await withTimeout(.seconds(10)) { [reader] in
      var seen: [String] = []
      while let line = try await reader.readLine() {
        if line == "PONG settled" { return seen }
        seen.append(line)
      }
      throw CheckFailure("the connection was ended after \(seen.suffix(3))")
    }
  }

  /// Leaves, and waits until the name is free.
  func leave() async throws {
    try await writer.write("/quit\n")
    _ = try await reader.readToEnd()
    writer.close()
  }
}

extension String {
  fileprivate var hasControl: Bool {
    unicodeScalars.contains { $0.value < 32 || (0x7F..<0xA0).contains($0.value) }
  }
}
