import CheckRows
import Fluvial
import FluvialTransports
import StreamTestSupport

/// C1.
func cancelledReads(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let storm = ReadStorm(
    count: options.pick(quick: 20_000, full: 100_000), seed: options.seed, timesOut: false)
  let outcome = try EventLoop.run { try await storm.run() }
  return check.row(
    held: outcome.cancelled >= storm.count,
    figure: "\(storm.count) of \(storm.count) in order, \(outcome.cancelled) reads cancelled,"
      + " 0 left parked, 0 stale marks (seed \(options.seed))",
    threshold: "0 lost, 0 reordered, 0 left, 0 stale; at least \(storm.count) cancelled")
}

/// C7: many connections at a time, because the loop's timers count in milliseconds.
func timedOutReads(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let connections = 50
  let count = options.pick(quick: 200, full: 2_000)
  let seed = options.seed
  let outcomes = try EventLoop.run {
    try await withThrowingTaskGroup(of: ReadStorm.Outcome.self) { group in
      for number in 0..<connections {
        group.addTask {
          try await ReadStorm(count: count, seed: seed &+ UInt64(number), timesOut: true).run()
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
  let timedOut = outcomes.reduce(0) { $0 + $1.cancelled }
  let total = connections * count
  return check.row(
    held: timedOut >= total / 20,
    figure: "\(total) of \(total) in order, \(timedOut) reads timed out (seed \(seed))",
    threshold: "0 lost, 0 reordered, 0 left; at least \(total / 20) timed out")
}

/// Numbered lines from a server to a client whose every read may be cancelled.
struct ReadStorm: Sendable {
  let count: Int
  let seed: UInt64
  let timesOut: Bool

  struct Outcome: Sendable {
    var cancelled = 0
  }

  func run() async throws -> Outcome {
    let readSoFar = Flag()
    return try await withServer(host: "127.0.0.1", port: 0) { _, writer in
      try await send(to: writer, readSoFar: readSoFar)
    } _: { server in
      let port = server.localAddresses.first?.port ?? 0
      let (outcome, reader) = try await withConnection(host: "127.0.0.1", port: port) { reader, _ in
        (try await receive(from: reader, readSoFar), reader)
      }
      try expectNothingHeld(by: reader)
      return outcome
    }
  }

  /// Neither a wait nor a mark of one that was cancelled when it had ended already.
  private func expectNothingHeld(by reader: StreamReader) throws {
    let held = reader.heldWaits
    guard held == (0, 0) else {
      throw CheckFailure("\(held.waits) waits and \(held.marks) marks were left behind.")
    }
  }

  /// Keeps just ahead of the reader, so that most reads begin before their bytes are there.
  private func send(to writer: StreamWriter, readSoFar: Flag) async throws {
    var random = SeededGenerator(seed: seed &+ 1)
    let clock = writer.loop.clock
    var number = 0
    while number < count {
      while readSoFar.count + 2 < number { await Task.yield() }
      for _ in 0..<Int.random(in: 0...150, using: &random) { await Task.yield() }
      if timesOut, Bool.random(using: &random) { try await clock.sleep(for: .milliseconds(2)) }
      let batch = number..<min(number + Int.random(in: 1...3, using: &random), count)
      try await writer.write(Array(batch.map(Self.line).joined()))
      number = batch.upperBound
    }
  }

  private func receive(from reader: StreamReader, _ readSoFar: Flag) async throws -> Outcome {
    var random = SeededGenerator(seed: seed)
    var outcome = Outcome()
    var number = 0
    while number < count {
      let kind = Int.random(in: 0..<4, using: &random)
      do {
        let line =
          timesOut
          ? try await readInTime(kind, from: reader, &random)
          : try await readOrCancel(kind, from: reader, &random)
        guard line == Self.line(number) else {
          throw CheckFailure("Message \(number) was to come, and \(line) came.")
        }
        number += 1
        readSoFar.raise()
      } catch is CancellationError { outcome.cancelled += 1 } catch is TimeoutError {
        outcome.cancelled += 1
      }
    }
    // A read that was left behind would make this one busy; a byte too many would be returned.
    guard try await reader.read(upTo: 1) == nil else { throw CheckFailure("There was more.") }
    return outcome
  }

  private func readInTime(
    _ kind: Int, from reader: StreamReader, _ random: inout SeededGenerator
  ) async throws -> [UInt8] {
    let limit = Duration.microseconds(Int.random(in: 0...200, using: &random))
    return try await withTimeout(limit) { try await Self.read(kind, from: reader) }
  }

  private func readOrCancel(
    _ kind: Int, from reader: StreamReader, _ random: inout SeededGenerator
  ) async throws -> [UInt8] {
    let task = start { try await Self.read(kind, from: reader) }
    await CancelPoint.draw(&random).cancel(task)
    return try await task.value
  }

  /// One message, by each way of reading that takes one.
  private static func read(_ kind: Int, from reader: StreamReader) async throws -> [UInt8] {
    switch kind {
    case 0: return try await reader.read(exactly: 9)
    case 1: return try await reader.read(until: [10])
    case 2: return Array((try await reader.readLine() ?? "").utf8) + [10]
    default: return (try await reader.readLineBytes() ?? []) + [10]
    }
  }

  private static func line(_ number: Int) -> [UInt8] {
    Array("\(100_000_000 + number)".utf8.dropFirst()) + [10]
  }
}
