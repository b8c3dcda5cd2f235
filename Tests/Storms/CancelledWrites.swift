import CheckRows
import Fluvial
import FluvialTransports
import StreamTestSupport

/// C2.
func cancelledWrites(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let wanted = options.pick(quick: 10_000, full: 100_000)
  let storm = WriteStorm(cancels: wanted / WriteStorm.writers, seed: options.seed)
  let outcome = try EventLoop.run { try await storm.run() }
  return check.row(
    held: outcome.cancelled >= wanted,
    figure: "\(outcome.arrived) accepted and arrived whole and in order, "
      + "\(outcome.cancelled) cancelled and absent, 0 left waiting (seed \(options.seed))",
    threshold: "exactly what was accepted, 0 left; at least \(wanted) cancelled")
}

/// Several writers of numbered messages over a connection that is nearly always full.
struct WriteStorm: Sendable {
  static let writers = 4
  /// For each writer.
  let cancels: Int
  let seed: UInt64

  struct Outcome: Sendable {
    var arrived = 0
    var cancelled = 0
  }

  func run() async throws -> Outcome {
    let (ours, theirs) = try await Self.connectedPair()
    ours.writer.bufferLimits = try WriteBufferLimits(low: 1_000, high: 4_000)
    let reading = start { try await Self.receive(from: theirs.reader, seed: seed) }
    let sent = try await withThrowingTaskGroup(of: (Int, [Int], Int).self) { group in
      for writer in 0..<Self.writers {
        group.addTask {
          let (accepted, cancelled) = try await send(as: writer, to: ours.writer)
          return (writer, accepted, cancelled)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    guard ours.writer.heldWaits == 0 else {
      throw CheckFailure("\(ours.writer.heldWaits) writes and drains were left behind.")
    }
    ours.writer.close()
    let arrived = try await reading.value
    theirs.writer.close()
    var outcome = Outcome()
    for (writer, accepted, cancelled) in sent {
      guard arrived[writer] == accepted else {
        throw CheckFailure(
          "Of writer \(writer) \(accepted.count) were accepted and \(arrived[writer].count) came.")
      }
      outcome.arrived += accepted.count
      outcome.cancelled += cancelled
    }
    return outcome
  }

  /// Two ends of a connection for which the kernel holds little.
  ///
  /// Of a unix socket the sender's buffer counts. With more room, most writes are accepted before they can be cancelled.
  private static func connectedPair() async throws -> (
    (reader: StreamReader, writer: StreamWriter), (reader: StreamReader, writer: StreamWriter)
  ) {
    let (descriptor, peer) = try RawSocket.pair()
    let other = try duplicate(peer)
    try peer.setBuffers(4_096)
    let ours = try await openConnection(adopting: other)
    let theirs = try await openConnection(adopting: descriptor, limit: 1_000)
    peer.close()
    return (ours, theirs)
  }

  private func send(
    as writer: Int, to stream: StreamWriter
  ) async throws -> (accepted: [Int], cancelled: Int) {
    var random = SeededGenerator(seed: seed &+ UInt64(writer))
    var accepted: [Int] = []
    var cancelled = 0
    var number = 0
    while cancelled < cancels {
      let message = Self.message(writer, number, size: Int.random(in: 0...1_500, using: &random))
      let kind = Int.random(in: 0..<4, using: &random)
      let task = start { try await Self.write(message, kind, to: stream) }
      await CancelPoint.draw(&random).cancel(task)
      do {
        try await task.value
        accepted.append(number)
      } catch is CancellationError { cancelled += 1 }
      if kind == 0 {
        let drain = start { try await stream.drain() }
        await CancelPoint.draw(&random).cancel(drain)
        _ = await drain.result
      }
      number += 1
    }
    return (accepted, cancelled)
  }

  private static func write(_ message: [UInt8], _ kind: Int, to stream: StreamWriter) async throws {
    switch kind {
    case 0, 1: try await stream.write(message)
    case 2:
      try await stream.write(contentsOf: [Array(message.prefix(7)), Array(message.dropFirst(7))])
    default: try await stream.write(message[...])
    }
  }

  /// `writer number size`, an LF, and a pattern.
  private static func message(_ writer: Int, _ number: Int, size: Int) -> [UInt8] {
    Array("\(writer) \(number) \(size)\n".utf8) + pattern(size, from: number)
  }

  /// The numbers of the whole messages, by writer.
  private static func receive(from reader: StreamReader, seed: UInt64) async throws -> [[Int]] {
    var random = SeededGenerator(seed: seed &+ 77)
    var numbers = [[Int]](repeating: [], count: writers)
    while let head = try await reader.readLine() {
      let words = head.split(separator: " ").compactMap { Int($0) }
      guard words.count == 3, numbers.indices.contains(words[0]) else {
        throw CheckFailure("A torn message: \(head.prefix(80).debugDescription).")
      }
      let body = try await reader.read(exactly: words[2])
      guard body == pattern(words[2], from: words[1]) else {
        throw CheckFailure("Message \(words[1]) of writer \(words[0]) is torn.")
      }
      numbers[words[0]].append(words[1])
      for _ in 0..<Int.random(in: 0...60, using: &random) { await Task.yield() }
    }
    return numbers
  }
}
