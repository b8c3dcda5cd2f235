internal import FluvialPrimitives
public import FluvialTransports
internal import Synchronization

/// The receiving side of a connection: asyncio's `StreamReader`.
///
/// May be used from any task; one read at a time, a second one gets ``StreamError/Code/busy``. Every read takes its bytes
/// out only when it returns: one that is cancelled or timed out loses nothing, and the next read gets it. What arrived is
/// returned before the error that followed it.
///
/// A read throws `CancellationError` when its task is cancelled while it waits, ``StreamError/Code/closed`` after this
/// side's close, and ``StreamError/Code/broken`` once an error has ended the connection.
public final class StreamReader: Sendable {
  private let token: ConnectionToken?
  let core: StreamReaderProtocol

  init(_ core: StreamReaderProtocol, _ token: ConnectionToken?) {
    self.core = core
    self.token = token
  }

  /// The loop that the connection lives on.
  public var loop: EventLoop { core.loop }

  /// Whether the peer has finished and everything was read.
  ///
  /// asyncio's `at_eof`.
  public var isAtEnd: Bool {
    core.reading.withLock { $0.buffer.hasEnded && $0.buffer.count == 0 }
  }

  /// Bytes that can be read without waiting.
  public var bufferedCount: Int {
    core.reading.withLock { $0.buffer.isSkipping ? 0 : $0.buffer.count }
  }

  // MARK: Counts

  /// Waits for some bytes and returns at most `count` of them; nil at the end of the stream.
  ///
  /// asyncio's `read(n)`. Zero returns nothing at once. Throws ``StreamError/Code/invalidArgument`` for a negative count.
  /// Cancelled while it waits, it has taken nothing.
  @inlinable @inline(__always)
  public func read(upTo count: Int) async throws -> [UInt8]? {
    // Inlined into the caller, wait included, as `readLine` and the writes are: an asynchronous call costs 200 instructions.
    if let bytes = takeBuffered(upTo: count) { return bytes }
    var wake = ReadWake.uncovered
    if count > 0 {
      // The form without an isolation parameter: that one asks the runtime before the wait, too, whether it is where it
      // should be, for 270 instructions. In either form the caller returns to where it belongs after the wait.
      wake = unsafe await _unsafeInheritExecutor_withUnsafeContinuation { unsafe parkForBytes($0) }
      if wake == .ready, let bytes = takeWoken(upTo: count) { return bytes }
    }
    return try await read(upTo: count, after: wake)
  }

  /// What is there already; nil for everything else.
  @usableFromInline
  func takeBuffered(upTo count: Int) -> [UInt8]? {
    guard count > 0, !core.isDrained.load(ordering: .relaxed) else { return nil }
    return core.takeAtOnce(count, isOwner: false)
  }

  @usableFromInline
  func parkForBytes(_ continuation: UnsafeContinuation<ReadWake, Never>) {
    unsafe core.parkUnclaimed(continuation, .any)
  }

  /// What a wait ended for; nil for everything else.
  @usableFromInline
  func takeWoken(upTo count: Int) -> [UInt8]? { core.takeAtOnce(count, isOwner: true) }

  /// What is out of the ordinary.
  @usableFromInline
  func read(upTo count: Int, after wake: ReadWake) async throws -> [UInt8]? {
    guard count > 0 else {
      if count == 0 { return [] }
      throw StreamError.invalid("A count must not be negative, and this is \(count).")
    }
    if wake == .cancelled { throw CancellationError() }
    return try await core.read(.any, isOwner: wake == .ready) { state in
      state.buffer.count > 0 ? .value(state.buffer.take(count)) : state.atEnd(nil)
    }
  }

  /// Waits for exactly `count` bytes.
  ///
  /// asyncio's `readexactly`. The reader's limit does not govern counts. Throws ``StreamError/Code/incompleteRead``, with
  /// what came, when the stream ends before; ``StreamError/Code/invalidArgument`` for a negative count. Cancelled while it
  /// waits, it has taken nothing: what came so far is the next read's.
  public func read(exactly count: Int) async throws -> [UInt8] {
    guard count > 0 else {
      if count == 0 { return [] }
      throw StreamError.invalid("A count must not be negative, and this is \(count).")
    }
    return try await core.read(.count(count)) { state in
      if state.buffer.count >= count { return .value(state.buffer.take(count)) }
      if !state.hasFailed, state.buffer.hasEnded {
        return .failure(.incomplete(state.buffer.take(.max), expected: count))
      }
      return state.atEnd(nil).orWait()
    }
  }

  /// Waits for the end of the stream and returns everything.
  ///
  /// asyncio's `read(-1)`. Throws ``StreamError/Code/limitOverrun`` once more than `limit` bytes are there, which stay
  /// readable; unlimited unless given. Cancelled while it waits, it has taken nothing: what came so far is the next read's.
  public func readToEnd(limit: Int = .max) async throws -> [UInt8] {
    guard limit >= 0 else {
      throw StreamError.invalid("A limit must not be negative, and this is \(limit).")
    }
    let demand: Demand = limit == .max ? .end : .count(limit + 1)
    return try await core.read(demand) { state in
      if state.buffer.count > limit {
        return .failure(.overrun(scanned: state.buffer.count, limit: limit))
      }
      if !state.hasFailed, state.buffer.hasEnded { return .value(state.buffer.take(.max)) }
      return state.hasFailed ? state.atEnd(nil).orWait() : .wait
    }
  }

  // MARK: Records

  /// What becomes of a record that is longer than allowed.
  public enum Overrun: Sendable {
    /// It is dropped to its end: the next read starts at the next record.
    case discard
    /// Its bytes stay, to be read by other means.
    case keep
  }

  /// Waits for a separator and returns everything up to and with it.
  ///
  /// asyncio's `readuntil`. At most `maxLength` bytes may come before the separator; the reader's limit unless given.
  /// Throws ``StreamError/Code/incompleteRead``, with what came, at the end of the stream;
  /// ``StreamError/Code/limitOverrun`` for a longer record; ``StreamError/Code/invalidArgument`` for an empty separator.
  /// Cancelled while it waits, it has taken nothing.
  public func read(
    until separator: [UInt8], maxLength: Int? = nil, overrun: Overrun = .discard
  ) async throws -> [UInt8] {
    try await read(until: [separator], maxLength: maxLength, overrun: overrun)
  }

  /// Waits for one of several separators; the match that ends first wins.
  ///
  /// Throws, and may be cancelled, as ``read(until:maxLength:overrun:)-([UInt8],_,_)``.
  public func read(
    until separators: [[UInt8]], maxLength: Int? = nil, overrun: Overrun = .discard
  ) async throws -> [UInt8] {
    let record = try RecordDemand(
      separators: Separators(separators), maxLength: core.length(maxLength), isLine: false)
    return try await core.read(.record(record)) { state in
      state.takeRecord(record, overrun) { buffer, _, total in buffer.take(total) }
        .atEnd { .failure(.incomplete($0, expected: nil)) }
    }
  }

  /// Waits for a line and returns it without its LF or CRLF; nil at the end of the stream.
  ///
  /// asyncio's `readline`. A last line without a terminator is returned. At most `maxLength` bytes; the reader's limit
  /// unless given. Throws ``StreamError/Code/limitOverrun`` for a longer line, whose rest is then skipped, and
  /// ``StreamError/Code/invalidUTF8`` for one that is no UTF-8, which is consumed. Cancelled while it waits, it has taken
  /// nothing.
  @inlinable @inline(__always)
  public func readLine(maxLength: Int? = nil) async throws -> String? {
    var wake = ReadWake.uncovered
    if maxLength == nil {
      if let line = takeBufferedLine() { return line }
      wake = unsafe await _unsafeInheritExecutor_withUnsafeContinuation { unsafe parkForLine($0) }
      if wake == .ready, let line = takeWokenLine() { return line }
    }
    return try await readLine(maxLength: maxLength, after: wake)
  }

  /// A line that is there whole; nil for everything else.
  @usableFromInline
  func takeBufferedLine() -> String? {
    core.isDrained.load(ordering: .relaxed) ? nil : core.takeLineAtOnce(isOwner: false)
  }

  @usableFromInline
  func parkForLine(_ continuation: UnsafeContinuation<ReadWake, Never>) {
    let line = RecordDemand(separators: .newline, maxLength: core.limit, isLine: true)
    unsafe core.parkUnclaimed(continuation, .record(line))
  }

  /// What a wait ended for; nil for everything else.
  @usableFromInline
  func takeWokenLine() -> String? { core.takeLineAtOnce(isOwner: true) }

  /// What is out of the ordinary.
  @usableFromInline
  func readLine(maxLength: Int?, after wake: ReadWake) async throws -> String? {
    if wake == .cancelled { throw CancellationError() }
    let record = try RecordDemand(
      separators: .newline, maxLength: core.length(maxLength), isLine: true)
    return try await core.read(.record(record), isOwner: wake == .ready) { state in
      unsafe state.takeLine(record, .discard) { bytes in
        unsafe String(utf8: bytes)
      }
    }
  }

  /// Waits for a line and returns its bytes, whatever they are; nil at the end of the stream.
  ///
  /// Throws ``StreamError/Code/limitOverrun`` for a longer line, of which `overrun` decides what becomes. Cancelled while it
  /// waits, it has taken nothing. As ``readLine(maxLength:)``.
  public func readLineBytes(
    maxLength: Int? = nil, overrun: Overrun = .discard
  ) async throws -> [UInt8]? {
    let record = try RecordDemand(
      separators: .newline, maxLength: core.length(maxLength), isLine: true)
    return try await core.read(.record(record)) { state in
      unsafe state.takeLine(record, overrun) { unsafe Array($0) }
    }
  }

  // MARK: Looking and skipping

  /// Waits for `count` bytes, or the end, and returns them without taking them out.
  ///
  /// Fewer only at the end of the stream. Throws ``StreamError/Code/invalidArgument`` for a negative count. Cancelled while it
  /// waits, it has changed nothing.
  public func peek(_ count: Int) async throws -> [UInt8] {
    guard count > 0 else {
      if count == 0 { return [] }
      throw StreamError.invalid("A count must not be negative, and this is \(count).")
    }
    return try await core.read(.count(count)) { state in
      if state.buffer.count >= count || state.buffer.hasEnded && !state.hasFailed {
        return .value(state.buffer.prefix(count))
      }
      return state.atEnd(nil).orWait()
    }
  }

  /// Drops everything up to and with the next separator, however much that is; false if the stream ended first.
  ///
  /// Cancelled, the skip goes on: it applies to every later read, and the same skip asked for again goes on with it.
  @discardableResult
  public func skip(past separator: [UInt8]) async throws -> Bool {
    let separators = try Separators([separator])
    var begun = false
    return try await core.read(.skipped) { state in
      if !begun {
        // The rest of an over-long record, or of another skip, comes first.
        let resumes = state.buffer.isSkipping(past: separators)
        if state.buffer.isSkipping, !resumes { return state.whileSkipping() }
        begun = true
        if !resumes { state.buffer.startSkipping(separators) }
      }
      return state.buffer.isSkipping ? state.whileSkipping() : .value(!state.buffer.skipRanOut)
    }
  }
}
