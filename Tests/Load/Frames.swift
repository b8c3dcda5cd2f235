import CheckRows
import Fluvial
import FluvialTransports

/// Numbered frames one way over one connection, and in the end the checksum of them all.
///
/// A frame is its number (8 bytes) and its size (4 bytes), little end first, and so many bytes. The last one has the
/// number of all ones and the checksum of what came before it.
enum Frames {
  static let headSize = 12
  static let last = UInt64.max
  /// What the frames are cut from.
  static let source: [UInt8] = {
    var random = SeededGenerator(seed: 20_001)
    return (0..<(3 << 20)).map { _ in UInt8.random(in: 0...255, using: &random) }
  }()

  static func head(_ number: UInt64, size: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
      + (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
  }

  /// As many small sizes as large ones, by powers of two.
  static func size(upTo most: Int, _ random: inout SeededGenerator) -> Int {
    let bits = most.bitWidth - most.leadingZeroBitCount - 1
    let power = Int.random(in: 0...bits, using: &random)
    return min(Int.random(in: (1 << power)...(2 << power), using: &random), most)
  }

  /// Sends frames until `end`; how many those were.
  static func send(
    to writer: StreamWriter, until end: LoopClock.Instant, upTo most: Int, seed: UInt64
  ) async throws -> Int {
    let clock = writer.loop.clock
    var random = SeededGenerator(seed: seed)
    var checksum = Checksum()
    var number: UInt64 = 0
    while clock.now < end {
      let size = size(upTo: most, &random)
      let from = Int.random(in: 0..<(source.count - size), using: &random)
      let head = head(number, size: size)
      checksum.add(head.span)
      checksum.add(source.span.extracting(from..<from + size))
      try await writer.write(head)
      try await writer.write(source.span.extracting(from..<from + size))
      number += 1
    }
    try await writer.write(contentsOf: [head(last, size: 32), checksum.digest()])
    return Int(number)
  }

  /// Reads frames to the last one; how many came.
  ///
  /// Throws when one is missing, out of turn or altered.
  static func receive(from reader: StreamReader) async throws -> Int {
    var parser = FrameParser()
    while !parser.isDone {
      let chunk: Void? = try await reader.withNextChunk { try parser.take($0) }
      guard chunk != nil else {
        throw CheckFailure("The stream ended after \(parser.count) frames.")
      }
    }
    return parser.count
  }
}

/// Takes frames apart where they lie.
private struct FrameParser {
  private var checksum = Checksum()
  private var head: [UInt8] = []
  private var left = 0
  private var digest: [UInt8]?
  private(set) var count = 0
  private(set) var isDone = false

  mutating func take(_ bytes: Span<UInt8>) throws {
    var place = 0
    while place < bytes.count {
      guard !isDone else { throw CheckFailure("There was more after the last frame.") }
      if let so = digest {
        let part = min(32 - so.count, bytes.count - place)
        digest = so + (place..<place + part).map { bytes[$0] }
        place += part
        try finish()
      } else if left > 0 {
        let part = min(left, bytes.count - place)
        checksum.add(bytes.extracting(place..<place + part))
        left -= part
        place += part
      } else {
        let part = min(Frames.headSize - head.count, bytes.count - place)
        for index in place..<place + part { head.append(bytes[index]) }
        place += part
        if head.count == Frames.headSize { try begin() }
      }
    }
  }

  private mutating func begin() throws {
    let head = head
    let number = head.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let size = head.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    if number == Frames.last {
      digest = []
    } else {
      guard number == UInt64(count) else {
        throw CheckFailure("Frame \(count) was to come, and \(number) came.")
      }
      checksum.add(head.span)
      count += 1
      left = size
    }
    self.head.removeAll(keepingCapacity: true)
  }

  private mutating func finish() throws {
    guard let digest, digest.count == 32 else { return }
    guard digest == checksum.digest() else {
      throw CheckFailure("The checksum of \(count) frames is another one.")
    }
    isDone = true
  }
}
