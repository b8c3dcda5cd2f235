public import FluvialPrimitives
internal import Synchronization

extension StreamReader {
  /// Waits for bytes and lends all that are there to `body`; nil at the end of the stream.
  ///
  /// The cheapest read: bytes that have just arrived are lent from the loop's own memory. Afterwards they are gone,
  /// whether `body` throws or not. While `body` runs another read is ``StreamError/Code/busy``. Throws what `body` does, and
  /// what every read does. Cancelled while it waits, it has taken nothing.
  @inlinable
  public func withNextChunk<Result>(
    _ body: (Span<UInt8>) throws -> Result
  ) async throws -> Result? {
    guard let loan = try await nextLoan() else { return nil }
    // Not under the lock: `body` is the caller's code.
    defer { giveBack(loan) }
    return try unsafe loan.withBytes { try body(unsafe $0.span) }
  }

  @usableFromInline
  func nextLoan() async throws -> Loan? {
    if !core.isDrained.load(ordering: .relaxed), let loan = core.lendAtOnce(isOwner: false) {
      return loan
    }
    // As in `read(upTo:)`.
    let wake = unsafe await _unsafeInheritExecutor_withUnsafeContinuation {
      unsafe parkForBytes($0)
    }
    if wake == .ready, let loan = core.lendAtOnce(isOwner: true) { return loan }
    if wake == .cancelled { throw CancellationError() }
    return try await nextLoan(isOwner: wake == .ready)
  }

  /// What is out of the ordinary; apart, so that a parked read's frame stays small.
  @inline(never)
  private func nextLoan(isOwner: Bool) async throws -> Loan? {
    try await core.read(.any, isOwner: isOwner) { $0.lend(onLoop: core.loop.isCurrent) }
  }

  @usableFromInline
  func giveBack(_ loan: Loan) { core.giveBack(loan, consumed: loan.count) }

  /// Waits for bytes and appends at most `count` of them to `target`; nil at the end of the stream, else how many.
  ///
  /// Zero appends nothing at once. Throws ``StreamError/Code/invalidArgument`` for a negative count. Cancelled while it
  /// waits, it has taken nothing, and `target` is as it was.
  public func read(into target: inout [UInt8], upTo count: Int) async throws -> Int? {
    guard count > 0 else {
      if count == 0 { return 0 }
      throw StreamError.invalid("A count must not be negative, and this is \(count).")
    }
    guard let loan = try await core.read(.any, { $0.lend(onLoop: core.loop.isCurrent) }) else {
      return nil
    }
    let taken = min(count, loan.count)
    try unsafe loan.withBytes { unsafe target.append(contentsOf: $0.prefix(taken)) }
    core.giveBack(loan, consumed: taken)
    return taken
  }
}

/// Bytes that a reader has lent out.
@safe
@usableFromInline
struct Loan {
  @usableFromInline
  @safe enum Source {
    /// The loop's read memory; valid as long as the delivery that the borrower is called from.
    case window(UnsafeBufferPointer<UInt8>)
    case queue(ByteQueue)
  }

  @usableFromInline let source: Source

  var count: Int {
    switch source {
    case .window(let bytes): bytes.count
    case .queue(let queue): queue.count
    }
  }

  @inlinable
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) throws -> Result {
    switch source {
    case .window(let bytes): try unsafe body(bytes)
    case .queue(let queue):
      unsafe try queue.withContents { bytes in Swift.Result { try unsafe body(bytes) } }.get()
    }
  }
}

extension ReaderState {
  /// Marks the reader busy and hands the bytes out.
  mutating func lend(onLoop: Bool) -> ReadStep<Loan?> {
    guard buffer.count > 0 else { return atEnd(nil) }
    defer { reader = .lending }
    // Only on the loop's thread does the window stay open until the borrower is done.
    if onLoop, let window = unsafe buffer.lendableWindow {
      return .value(unsafe Loan(source: .window(window)))
    }
    return .value(Loan(source: .queue(buffer.takeQueue())))
  }
}

extension StreamReaderProtocol {
  func lendAtOnce(isOwner: Bool) -> Loan? {
    let onLoop = loop.isCurrent
    return reading.withLock { state in
      guard state.mayTakeAtOnce(isOwner: isOwner), state.buffer.count > 0,
        case .value(let loan) = state.lend(onLoop: onLoop)
      else { return nil }
      state.streak += 1
      return loan
    }
  }

  func giveBack(_ loan: Loan, consumed: Int) {
    let resumes = reading.withLock { state in
      state.reader = .idle
      guard !state.isClosed else { return false }
      switch loan.source {
      case .window:
        state.buffer.consume(consumed)
        if state.buffer.count == 0 { isDrained.store(true, ordering: .releasing) }
      case .queue(var queue):
        queue.consume(consumed)
        state.buffer.putBack(queue)
      }
      return state.shouldResume()
    }
    if resumes { resumeReading() }
  }
}
