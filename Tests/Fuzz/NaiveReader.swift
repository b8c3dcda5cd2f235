import StreamTestSupport

/// What a reader must do, said as plainly as can be: an array, what is to be skipped, an end, an error, a close.
struct NaiveReader {
  enum Read: Sendable {
    case upTo(Int)
    case exactly(Int)
    case until([[UInt8]], maxLength: Int)
    case line(maxLength: Int)
    case peek(Int)
    case toEnd(limit: Int)
  }

  enum Outcome: Equatable, Sendable {
    case bytes([UInt8])
    case end
    case incomplete([UInt8])
    case tooLong
    case closed
    case broken
    case busy
    case cancelled
  }

  private var bytes: [UInt8] = []
  /// The separators that end what is being skipped.
  private var skipped: [[UInt8]]?
  private(set) var hasEnded = false
  private(set) var isBroken = false
  private(set) var isClosed = false

  var isOver: Bool { hasEnded || isBroken }

  mutating func feed(_ more: [UInt8]) {
    bytes += more
    if let separators = skipped, let total = Self.firstEnd(in: bytes, separators) {
      bytes.removeFirst(total)
      skipped = nil
    }
  }

  mutating func end() {
    hasEnded = true
    if skipped != nil {
      bytes = []
      skipped = nil
    }
  }

  mutating func fail() { isBroken = true }

  mutating func close() {
    isClosed = true
    bytes = []
  }

  /// What a read gets now; nil when it waits.
  mutating func outcome(of read: Read) -> Outcome? {
    if isClosed { return .closed }
    let atEnd: Outcome? = isBroken ? .broken : nil
    if skipped != nil { return atEnd }
    let isEnd = hasEnded && !isBroken
    switch read {
    case .upTo(let count):
      if !bytes.isEmpty { return .bytes(take(count)) }
      return atEnd ?? (hasEnded ? .end : nil)
    case .exactly(let count):
      if bytes.count >= count { return .bytes(take(count)) }
      return isEnd ? .incomplete(take(.max)) : atEnd
    case .peek(let count):
      return bytes.count >= count || isEnd ? .bytes(Array(bytes.prefix(count))) : atEnd
    case .toEnd(let limit):
      if bytes.count > limit { return .tooLong }
      return isEnd ? .bytes(take(.max)) : atEnd
    case .until(let separators, let maxLength):
      guard let end = Self.firstEnd(in: bytes, separators) else {
        let longest = separators.map(\.count).max() ?? 0
        if bytes.count - maxLength >= longest { return overrun(separators) }
        return isEnd ? .incomplete(take(.max)) : atEnd
      }
      let start = Self.start(of: separators, endingAt: end, in: bytes)
      guard start <= maxLength else {
        bytes.removeFirst(end)
        return .tooLong
      }
      return .bytes(take(end))
    case .line(let maxLength):
      guard let place = bytes.firstIndex(of: 10) else {
        let open = bytes.count - maxLength
        if open > 1 || open == 1 && (hasEnded || bytes.last != 13) { return overrun([[10]]) }
        return isEnd ? (bytes.isEmpty ? .end : .bytes(take(.max))) : atEnd
      }
      var line = take(place + 1).dropLast()
      if line.last == 13 { line.removeLast() }
      return line.count > maxLength ? .tooLong : .bytes(Array(line))
    }
  }

  private mutating func take(_ count: Int) -> [UInt8] {
    let taken = Array(bytes.prefix(count))
    bytes.removeFirst(taken.count)
    return taken
  }

  private mutating func overrun(_ separators: [[UInt8]]) -> Outcome {
    if hasEnded { bytes = [] } else { skipped = separators }
    return .tooLong
  }

  private static func firstEnd(in bytes: [UInt8], _ separators: [[UInt8]]) -> Int? {
    bytes.indices.map { $0 + 1 }.first { end in
      separators.contains { bytes[..<end].suffix($0.count).elementsEqual($0) }
    }
  }

  private static func start(of separators: [[UInt8]], endingAt end: Int, in bytes: [UInt8]) -> Int {
    let lengths = separators.filter { bytes[..<end].suffix($0.count).elementsEqual($0) }.map(
      \.count)
    return end - (lengths.max() ?? 0)
  }
}
