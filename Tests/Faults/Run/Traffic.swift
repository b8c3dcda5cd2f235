import Fluvial
import FluvialPrimitives
import FluvialTransports

/// Numbered frames of drawn sizes over several connections to an echo server; every byte that comes back is compared.
struct Traffic: Sendable {
  var host = "127.0.0.1"
  let port: Int
  var connections = 8
  /// About so many on each connection, in each direction.
  var bytes = 300_000
  let seed: UInt64
  /// Whether the server's end is waited for, after everything has come back.
  var waitsForEnd = true

  /// Returns how many frames came back whole; throws at the first that did not.
  func run() async throws -> Int {
    try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<connections {
        group.addTask {
          do { return try await converse(number) } catch {
            throw Broken("connection \(number): \(error)")
          }
        }
      }
      return try await group.reduce(0, +)
    }
  }

  private func converse(_ number: Int) async throws -> Int {
    try await withConnection(host: host, port: port) { reader, writer in
      try await writer.write([UInt8(ascii: "e")])
      async let checked = check(reader, number)
      var frames = Frames(seed: seed, connection: number, bytes: bytes)
      while let frame = frames.next() { try await writer.write(frame) }
      try writer.writeEOF()
      return try await checked
    }
  }

  private func check(_ reader: StreamReader, _ number: Int) async throws -> Int {
    var frames = Frames(seed: seed, connection: number, bytes: bytes)
    var count = 0
    while let frame = frames.next() {
      let came = try await reader.read(exactly: frame.count)
      try demand(came == frame, "frame \(count) came back damaged")
      count += 1
    }
    guard waitsForEnd else { return count }
    let rest = try await reader.read(upTo: 1)
    try demand(rest == nil, "bytes after the last frame")
    return count
  }
}

/// Frames: length, number, and a stretch of a pattern that is nowhere the same.
struct Frames: IteratorProtocol {
  private var generator: SeededGenerator
  private var left: Int
  private var number: UInt32 = 0

  init(seed: UInt64, connection: Int, bytes: Int) {
    generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(connection))
    left = bytes
  }

  mutating func next() -> [UInt8]? {
    guard left > 0 else { return nil }
    // As many short ones as long ones.
    let scale = Int.random(in: 0...14, using: &generator)
    let size = min(left, Int.random(in: 1...(1 << scale), using: &generator))
    let start = Int.random(in: 0..<1000, using: &generator)
    left -= size + 8
    var frame: [UInt8] = []
    frame.reserveCapacity(size + 8)
    for word in [UInt32(size), number] {
      for shift in [24, 16, 8, 0] { frame.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    frame += Self.pattern[start..<(start + size)]
    number &+= 1
    return frame
  }

  private static let pattern: [UInt8] = (0..<(17 * 1024 + 1000)).map {
    UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13)
  }
}

/// Connections that say a little at a time, and how long each answer took: those that a fault must not touch.
final class Bystanders: Sendable {
  private let streams: [(reader: StreamReader, writer: StreamWriter)]

  /// Connects and says hello on each.
  init(port: Int, count: Int = 8) async throws {
    var streams: [(reader: StreamReader, writer: StreamWriter)] = []
    for _ in 0..<count {
      let pair = try await openConnection(host: "127.0.0.1", port: port)
      try await pair.writer.write([UInt8(ascii: "e")])
      streams.append(pair)
    }
    self.streams = streams
    try await ping()
  }

  /// Once on each but one; how long the answers took.
  @discardableResult
  func ping(except left: Int? = nil) async throws -> [Duration] {
    let message = [UInt8](repeating: 9, count: 64)
    return try await withThrowingTaskGroup(of: Duration.self) { group in
      for (index, (reader, writer)) in streams.enumerated() where index != left {
        group.addTask {
          try await timed {
            try await writer.write(message)
            let came = try await reader.read(exactly: message.count)
            try demand(came == message, "a bystander's answer is damaged")
          }.1
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  /// Each 10 ms for so long.
  func ping(for time: Duration) async throws -> [Duration] {
    let end = ContinuousClock.now + time
    var all: [Duration] = []
    while ContinuousClock.now < end {
      all += try await ping()
      try await EventLoop.current?.clock.sleep(for: .milliseconds(10))
    }
    return all
  }

  /// Waits for one of them to end, in good order; which one it was.
  func waitForEnd() async throws -> Int {
    try await withThrowingTaskGroup(of: Int.self) { group in
      for (index, (reader, writer)) in streams.enumerated() {
        group.addTask {
          let came = try await reader.read(upTo: 1)
          try demand(came == nil, "a byte that nobody sent")
          writer.close()
          let reason = await writer.waitClosed()
          try demand(reason == .finished, "\(reason)")
          return index
        }
      }
      // The others' reads are cancelled, which loses nothing.
      defer { group.cancelAll() }
      guard let ended = try await group.next() else { throw Broken("nobody is there") }
      return ended
    }
  }

  func close() async {
    for (_, writer) in streams { writer.close() }
    for (_, writer) in streams { _ = await writer.waitClosed() }
  }
}

/// The value below which all but one in a hundred are.
func p99(_ all: [Duration]) -> Duration {
  let sorted = all.sorted()
  return sorted.isEmpty ? .zero : sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
}
