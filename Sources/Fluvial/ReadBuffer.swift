internal import FluvialPrimitives
internal import Glibc

/// What a read waits for.
enum Demand {
  /// Any byte.
  case any
  /// So many bytes.
  case count(Int)
  /// A record that ends with one of the separators.
  case record(RecordDemand)
  /// The end of the stream.
  case end
  /// The end of what is being skipped.
  case skipped
}

/// A record that is being looked for, and how far the search has come.
struct RecordDemand {
  let separators: Separators
  /// The most bytes before the separator.
  let maxLength: Int
  /// A line: a CR before the newline belongs to the terminator.
  let isLine: Bool
  var scanned = 0
}

/// How a look for a record ended.
enum RecordOutcome {
  /// Bytes before the terminator, and bytes with it.
  case found(length: Int, total: Int)
  /// Too long; with `total` bytes to the end of the record, if that is there.
  case tooLong(scanned: Int, total: Int?)
  case unknown
}

/// The bytes that a reader holds: those that arrived before, or those that are just being delivered.
///
/// Pure but for the window, which is the loop's own read memory: while a delivery is under way the waiting reader is
/// served straight from it. Bytes leave only in the step that returns them.
@safe
struct ReadBuffer {
  private var queue = ByteQueue()
  /// What is being delivered; only while the queue is empty.
  private var window = unsafe UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  /// The rest of an over-long record, or what a read asked to skip, still to be dropped.
  private var skipping: Separators?
  /// A read asked for the skip, and one that asks again goes on with it.
  private var wasAskedFor = false
  /// The stream ended before the skip's separator.
  private(set) var skipRanOut = false
  private(set) var hasEnded = false

  var count: Int { unsafe queue.count + window.count }

  // MARK: Filling

  /// Shows bytes that stay valid until ``closeWindow()``.
  mutating func openWindow(_ bytes: UnsafeBufferPointer<UInt8>) {
    if queue.isEmpty { unsafe window = bytes } else { unsafe queue.append(bytes) }
    if skipping != nil { skip() }
  }

  /// Keeps what nobody took.
  mutating func closeWindow() {
    guard unsafe !window.isEmpty else { return }
    unsafe queue.append(window)
    unsafe window = UnsafeBufferPointer(start: nil, count: 0)
  }

  mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    unsafe queue.append(bytes)
    if skipping != nil { skip() }
  }

  mutating func end() {
    hasEnded = true
    // The record that was being skipped has no end; its last bytes were kept only for a split separator.
    if skipping != nil {
      skipRanOut = true
      removeAll()
    }
  }

  mutating func removeAll() {
    queue = ByteQueue()
    unsafe window = UnsafeBufferPointer(start: nil, count: 0)
    skipping = nil
  }

  // MARK: Taking

  @inline(__always)
  func withContents<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    unsafe queue.isEmpty ? body(window) : queue.withContents(body)
  }

  mutating func consume(_ taken: Int) {
    if queue.isEmpty {
      let taken = unsafe min(taken, window.count)
      unsafe window = UnsafeBufferPointer(
        start: window.baseAddress.map { unsafe $0 + taken }, count: window.count - taken)
    } else {
      queue.consume(taken)
    }
  }

  mutating func take(_ wanted: Int) -> [UInt8] {
    guard queue.isEmpty else { return queue.take(wanted) }
    let taken = unsafe Array(window.prefix(wanted))
    consume(taken.count)
    return taken
  }

  func prefix(_ wanted: Int) -> [UInt8] {
    unsafe withContents { unsafe Array($0.prefix(wanted)) }
  }

  /// Takes everything out for lending; what arrives meanwhile goes behind it with ``putBack(_:)``.
  mutating func takeQueue() -> ByteQueue {
    closeWindow()
    let all = queue
    queue = ByteQueue()
    return all
  }

  mutating func putBack(_ rest: ByteQueue) {
    closeWindow()
    var all = rest
    all.append(queue)
    queue = all
  }

  /// The bytes being delivered, if they are all there is.
  var lendableWindow: UnsafeBufferPointer<UInt8>? {
    unsafe queue.isEmpty && !window.isEmpty ? window : nil
  }

  /// Takes a line that is there whole and is UTF-8; nil for anything else, which stays.
  mutating func takeLine(limit: Int) -> String? {
    var total = 0
    let line: String? = unsafe withContents { bytes in
      guard let base = bytes.baseAddress,
        let found = unsafe memchr(base, 10, min(bytes.count, limit))
      else { return nil }
      var length = unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
      total = length + 1
      if length > 0, unsafe base[length - 1] == 13 { length -= 1 }
      return unsafe String(utf8: UnsafeBufferPointer(start: base, count: length))
    }
    if line != nil { consume(total) }
    return line
  }

  // MARK: Records

  /// Looks for the record's end, remembering how far it looked.
  func find(_ record: inout RecordDemand) -> RecordOutcome {
    let scanned = record.scanned
    let (outcome, seen): (RecordOutcome, Int) = unsafe withContents { bytes in
      guard let match = unsafe record.separators.firstMatch(in: bytes, scanned: scanned) else {
        let isTooLong = unsafe exceeds(record, bytes)
        return (isTooLong ? .tooLong(scanned: bytes.count, total: nil) : .unknown, bytes.count)
      }
      let hasReturn = unsafe record.isLine && match.start > 0 && bytes[match.start - 1] == 13
      let length = hasReturn ? match.start - 1 : match.start
      if length > record.maxLength {
        return (.tooLong(scanned: length, total: match.end), match.start)
      }
      return (.found(length: length, total: match.end), match.start)
    }
    record.scanned = seen
    return outcome
  }

  /// Whether a record whose end is not there yet is too long for certain.
  private func exceeds(_ record: RecordDemand, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    // Its separator may have begun, at the last place allowed, and not be complete.
    let open = bytes.count - record.maxLength
    if record.isLine {
      // At the end of the stream no LF will come, and the CR is text.
      return unsafe open > 1 || (open == 1 && (hasEnded || bytes[bytes.count - 1] != 13))
    }
    return open >= record.separators.longest
  }

  /// Drops the over-long record: to its end, or as far as it has come and the rest later.
  mutating func dropRecord(_ separators: Separators, total: Int?) {
    if let total {
      consume(total)
    } else if !hasEnded {
      wasAskedFor = false
      skipping = separators
      skip()
    } else {
      consume(count)
    }
  }

  /// Begins to drop everything up to and with the next separator.
  mutating func startSkipping(_ separators: Separators) {
    wasAskedFor = true
    skipping = separators
    skip()
    if hasEnded { end() }
  }

  var isSkipping: Bool { skipping != nil }

  /// Whether a read was cancelled that asked for this very skip.
  func isSkipping(past separators: Separators) -> Bool {
    wasAskedFor && skipping?.patterns == separators.patterns
  }

  private mutating func skip() {
    guard let separators = skipping else { return }
    let match = unsafe withContents { unsafe separators.firstMatch(in: $0, scanned: 0) }
    if let match {
      skipping = nil
      consume(match.end)
    } else {
      // A separator may be split over what has come and what will.
      consume(max(0, count - (separators.longest - 1)))
    }
  }

  // MARK: Demands

  /// Whether a read with this demand can go on.
  func satisfies(_ demand: inout Demand) -> Bool {
    if hasEnded { return true }
    if isSkipping { return false }
    switch demand {
    case .any: return count > 0
    case .count(let wanted): return count >= wanted
    case .end: return false
    case .skipped: return true
    case .record(var record):
      let outcome = find(&record)
      demand = .record(record)
      if case .unknown = outcome { return false }
      return true
    }
  }
}

extension Demand {
  /// How many bytes the reader must be allowed to hold for this.
  var need: Int {
    switch self {
    case .any, .skipped: 1
    case .count(let wanted): wanted
    case .record(let record):
      record.maxLength.addingReportingOverflow(record.separators.longest + 1).partialValue
        .magnitudeClamped
    case .end: .max
    }
  }

  var isSkip: Bool {
    if case .skipped = self { return true }
    return false
  }
}

extension Int {
  /// Itself, or the largest number where an addition went around.
  fileprivate var magnitudeClamped: Int { self < 0 ? .max : self }
}

extension String {
  /// The text, or nil when the bytes are not UTF-8.
  ///
  /// Half the cost of `init(validating:as:)`, which goes through generic code.
  init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
    if unsafe bytes.isASCII {
      unsafe self.init(copying: UTF8Span(unchecked: bytes.span, isKnownASCII: true))
    } else {
      guard let valid = unsafe try? UTF8Span(validating: bytes.span) else { return nil }
      self.init(copying: valid)
    }
  }
}

extension UnsafeBufferPointer where Element == UInt8 {
  /// Whether no byte is over 127, looked at 32 at a time.
  fileprivate var isASCII: Bool {
    guard let start = unsafe UnsafeRawPointer(baseAddress) else { return true }
    var (high, place) = (UInt64(0), 0)
    if count >= 32 {
      var wide = SIMD4<UInt64>.zero
      while place + 32 <= count {
        wide |= unsafe start.loadUnaligned(fromByteOffset: place, as: SIMD4<UInt64>.self)
        place += 32
      }
      high = wide[0] | wide[1] | wide[2] | wide[3]
    }
    while place + 8 <= count {
      unsafe high |= start.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      place += 8
    }
    if count >= 8 {
      // Some of the last eight once more, instead of the rest one by one.
      unsafe high |= start.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
    } else {
      for index in 0..<count { unsafe high |= UInt64(self[index]) }
    }
    return high & 0x8080_8080_8080_8080 == 0
  }
}
