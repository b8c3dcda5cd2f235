internal import FluvialPrimitives
public import FluvialTransports

/// The sending side of a connection: asyncio's `StreamWriter`.
///
/// May be used from any task, and by several at a time: whole values never interleave. A write throws
/// ``StreamError/Code/closed`` after this side's close or ``writeEOF()``, even for no bytes at all, and
/// ``StreamError/Code/broken`` for ever once an error has ended the connection.
public final class StreamWriter: Sendable {
  private let token: ConnectionToken?
  let core: StreamReaderProtocol
  private let writes: WriteQueue
  /// Only of a writer that was made before the connection, whose `writes` refuse for ever.
  private let early: EarlyWrites?

  init(_ core: StreamReaderProtocol, _ token: ConnectionToken?) {
    self.core = core
    self.token = token
    (writes, early) = core.writesForWriter()
  }

  /// The connection's queue.
  ///
  /// What is to cost nothing tries `writes` first.
  private var queue: WriteQueue { early?.queue ?? writes }

  /// The loop that the connection lives on.
  public var loop: EventLoop { core.loop }

  // MARK: Writing

  /// Waits for room, then accepts the bytes whole.
  ///
  /// asyncio's `write` and `drain` in one. There is room while no more than the high mark is waiting to be sent; a value
  /// larger than that is accepted whole, and the next one waits. The array may be changed as soon as this returns. Throws
  /// `CancellationError` only while it waits, and then nothing of the value was or will be sent.
  @inlinable @inline(__always)
  public func write(_ bytes: [UInt8]) async throws {
    if !accept(bytes) { try await writeWaiting(bytes) }
  }

  /// Whether the bytes were accepted; ``writeWaiting(_:)`` finds out why not.
  @usableFromInline
  func accept(_ bytes: [UInt8]) -> Bool { writes.accepts(bytes) }

  @usableFromInline
  func writeWaiting(_ bytes: [UInt8]) async throws {
    switch queue.tryAccept(bytes) {
    case nil: return
    case .noRoom: try await waitForRoom(bytes)
    case let refusal?: throw error(for: refusal)
    }
  }

  /// Waits for room, then accepts the bytes whole.
  ///
  /// Throws, and may be cancelled, as ``write(_:)-([UInt8])``.
  public func write(_ bytes: some Sequence<UInt8>) async throws {
    try await write(Array(bytes))
  }

  /// Waits for room, then accepts the text's UTF-8 whole.
  ///
  /// Throws, and may be cancelled, as ``write(_:)-([UInt8])``.
  @inlinable @inline(__always)
  public func write(_ text: String) async throws {
    if !accept(text) { try await writeWaiting(Array(text.utf8)) }
  }

  /// Whether the text was accepted; ``writeWaiting(_:)`` finds out why not.
  @usableFromInline
  func accept(_ text: String) -> Bool {
    unsafe text.utf8.withContiguousStorageIfAvailable { unsafe writes.accepts($0.span) } ?? false
  }

  /// Waits for room, then accepts the lent bytes whole.
  ///
  /// Throws, and may be cancelled, as ``write(_:)-([UInt8])``.
  public func write(_ bytes: Span<UInt8>) async throws {
    switch queue.tryAccept(bytes) {
    case nil: return
    case .noRoom: try await waitForRoom(unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) })
    case let refusal?: throw error(for: refusal)
    }
  }

  /// Waits for room, then accepts the line and an LF, as one value.
  ///
  /// The counterpart of ``StreamReader/readLine(maxLength:)``. Throws, and may be cancelled, as ``write(_:)-([UInt8])``.
  @inlinable @inline(__always)
  public func writeLine(_ line: String) async throws {
    if !acceptLine(line) { try await writeWaiting(Array(line.utf8) + [10]) }
  }

  /// Whether the line was accepted; ``writeWaiting(_:)`` finds out why not.
  @usableFromInline
  func acceptLine(_ line: String) -> Bool {
    unsafe line.utf8.withContiguousStorageIfAvailable {
      unsafe writes.accepts($0.span, andThen: 10)
    } ?? false
  }

  /// Waits for room, then accepts all pieces in order, as one value.
  ///
  /// asyncio's `writelines`. Throws, and may be cancelled, as ``write(_:)-([UInt8])``.
  public func write(contentsOf pieces: [[UInt8]]) async throws {
    switch queue.tryAccept(pieces: pieces) {
    case nil: return
    case .noRoom: try await waitForRoom(Array(pieces.joined()))
    case let refusal?: throw error(for: refusal)
    }
  }

  /// Accepts the bytes whole if there is room and nobody waits for it; false otherwise.
  ///
  /// Never waits: for a fan-out in which one slow peer must not hold up the others. Throws ``StreamError/Code/closed`` and
  /// ``StreamError/Code/broken``.
  public func tryWrite(_ bytes: [UInt8]) throws -> Bool {
    if writes.accepts(bytes) { return true }
    switch queue.tryAccept(bytes) {
    case nil: return true
    case .noRoom: return false
    case let refusal?: throw error(for: refusal)
    }
  }

  /// Accepts the lent bytes whole if there is room and nobody waits for it; false otherwise.
  ///
  /// As ``tryWrite(_:)-([UInt8])``.
  public func tryWrite(_ bytes: Span<UInt8>) throws -> Bool {
    if writes.accepts(bytes) { return true }
    switch queue.tryAccept(bytes) {
    case nil: return true
    case .noRoom: return false
    case let refusal?: throw error(for: refusal)
    }
  }

  /// Waits for room: asyncio's `drain`.
  ///
  /// ``write(_:)-([UInt8])`` does this by itself. Throws `CancellationError` when cancelled while it waits.
  public func drain() async throws { try await write([]) }

  /// Waits until the kernel has every byte that was accepted before.
  ///
  /// Throws `CancellationError` when cancelled while it waits; what was accepted still goes out.
  public func flush() async throws {
    try check(await queue.waitUntilFlushed())
  }

  /// Ends this direction after what was written; reading goes on.
  ///
  /// asyncio's `write_eof`.
  ///
  /// Writers that wait for room get ``StreamError/Code/closed``. A second call does nothing; throws
  /// ``StreamError/Code/closed`` after a close.
  public func writeEOF() throws {
    // Before the connection there is nothing to end yet, as there is nothing to write to.
    guard !isClosing, early == nil || early?.queue != nil else { throw StreamError.closed }
    queue.endAccepting()
    core.writeEOF()
  }

  // MARK: Limits

  /// Bytes accepted and not yet with the kernel.
  public var bufferedCount: Int { queue.count }

  /// When writers wait and when they go on; 64 KiB and 16 KiB unless set.
  public var bufferLimits: WriteBufferLimits {
    get { queue.limits }
    set { queue.limits = newValue }
  }

  /// The most bytes that the transport's synchronous write lets wait; 16 MiB unless set.
  public var hardLimit: Int {
    get { queue.hardLimit }
    set { queue.hardLimit = newValue }
  }

  // MARK: Closing

  /// Whether the connection is closing or closed.
  public var isClosing: Bool { core.isClosing }

  /// Begins a graceful close: no more reads, what was written goes out, then the connection ends.
  ///
  /// Returns at once, never throws; a second call does nothing; any thread. Bounded by the linger time, see ``setLingerTime(_:)``. Who reads gets
  /// ``StreamError/Code/closed``.
  public func close() { core.close() }

  /// Ends the connection at once; what was not sent is dropped.
  ///
  /// asyncio's `transport.abort()`. Returns at once, never throws; a second call does nothing; any thread. Who waits gets
  /// ``StreamError/Code/closed``.
  public func abort() { core.abort() }

  /// Waits for the end of the connection and tells how it ended.
  ///
  /// Does not throw, and goes on waiting when cancelled: it belongs into cleanup, after a close.
  public func waitClosed() async -> CloseReason { await core.waitClosed() }

  /// How long a graceful close may take before the connection is reset; 30 s unless set.
  public func setLingerTime(_ time: Duration) {
    core.withTransport { $0.lingerTime = time }
  }

  // MARK: Addresses

  /// This side's address, or nil.
  public var localAddress: SocketAddress? { core.link.withLock(\.localAddress) }

  /// The peer's address, or nil.
  ///
  /// asyncio's `get_extra_info("peername")`.
  public var remoteAddress: SocketAddress? { core.link.withLock(\.remoteAddress) }

  // MARK: Helpers

  private func waitForRoom(_ bytes: [UInt8]) async throws {
    try check(await queue.waitForRoom(bytes))
  }

  private func check(_ end: WriteQueue.WaitEnd) throws {
    switch end {
    case .done: return
    case .cancelled: throw CancellationError()
    case .closed: throw StreamError.closed
    case .broken(let error): throw StreamError.broken(error)
    }
  }

  private func error(for refusal: WriteQueue.Refusal) -> StreamError {
    switch refusal {
    case .closed, .noRoom: .closed
    case .broken(let error): .broken(error)
    }
  }
}
