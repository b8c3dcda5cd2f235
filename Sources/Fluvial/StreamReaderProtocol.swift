internal import FluvialPrimitives
public import FluvialTransports
internal import Synchronization

/// The protocol object between a transport and a reader and writer: asyncio's `StreamReaderProtocol`.
///
/// Give one to ``/FluvialTransports/EventLoop/createConnection(to:from:makeProtocol:)`` to have streams over any transport. Unlike other
/// protocol objects it may be used from any thread; its callbacks come on the loop.
public final class StreamReaderProtocol: StreamProtocol, Sendable {
  /// Holds what the facades share: the loop keeps the protocol alive, the facades keep this.
  let loop: EventLoop
  let reading: Lock<ReaderState>
  /// Whether a read took the last byte and none has come since.
  ///
  /// Written under the lock, read without it: a delivery whose bytes were all taken has nothing to tidy up, and a read
  /// that is to wait need not look first. For the read it is a guess, which parking checks.
  let isDrained = Atomic(false)
  /// What the reader may hold, in bytes.
  let limit: Int
  let link = Lock(Link())

  /// The connection's other half, as far as it is there.
  struct Link {
    var transport: LoopBound<any Transport>?
    /// Let go once it was called: who keeps the streams in it would keep this alive for ever.
    var onConnect: (@Sendable (StreamReader, StreamWriter) -> Void)?
    var writes: WriteQueue?
    /// Where writers look that were made before there was a queue.
    var early: EarlyWrites?
    /// What stands between the queue and a transport that was made outside of this package.
    var outside: LoopBound<OutsideSink>?
    var reason: CloseReason?
    var isAborted = false
    /// A server has ended it, not its handler.
    var isEndedByServer = false
    /// Kept, because after the end nobody can be asked.
    var localAddress: SocketAddress?
    var remoteAddress: SocketAddress?
    var closeWaiters: [OneShotSignal] = []
  }

  /// The default limit for what a reader holds: 64 KiB.
  public static let defaultLimit = 64 * 1024

  /// Makes the protocol for a connection of `loop`; `onConnect` is called on the loop once it is there.
  ///
  /// Throws ``StreamError/Code/invalidArgument`` when `limit` is not positive.
  public init(
    loop: EventLoop, limit: Int = StreamReaderProtocol.defaultLimit,
    onConnect: (@Sendable (StreamReader, StreamWriter) -> Void)? = nil
  ) throws {
    try Self.check(limit: limit)
    self.loop = loop
    self.limit = limit
    reading = Lock(ReaderState(limit: limit))
    link.withLock { $0.onConnect = onConnect }
  }

  static func check(limit: Int) throws(StreamError) {
    guard limit > 0 else { throw .invalid("The limit must be positive, not \(limit).") }
  }

  /// The reader and writer of the connection.
  ///
  /// Both gone without a close, the connection is closed. They may be made before it: until ``connectionMade(_:)`` reads
  /// wait, and writes are ``StreamError/Code/closed``; limits and the linger time can be set from then on. What is closed
  /// or aborted before then ends the connection as soon as it comes.
  public func makeStreams() -> (reader: StreamReader, writer: StreamWriter) {
    makeStreams(closingWhenDropped: true)
  }

  /// A server closes its connections itself, whatever becomes of the facades.
  func makeStreams(
    closingWhenDropped closes: Bool, openedAt origin: CodePlace? = nil
  ) -> (reader: StreamReader, writer: StreamWriter) {
    let token = closes ? ConnectionToken(self, openedAt: origin) : nil
    let (reader, writer) = (StreamReader(self, token), StreamWriter(self, token))
    prefetch(reader, writer)
    return (reader, writer)
  }

  // MARK: Callbacks

  /// Connects the streams.
  ///
  /// For the transport.
  public func connectionMade(_ transport: any Transport) {
    let ours =
      (transport as? StreamTransport)?.writes ?? (transport as? any QueuedTransport)?.writes
    let outside = ours == nil ? OutsideSink(transport) : nil
    // Ours calls from libuv's callbacks; another one may call from inside a job, and none may run inside of another.
    if let transport = transport as? StreamTransport {
      reading.withLock { $0.isServedAtOnce = true }
      unsafe transport.prefetch(.readingState, reading.place)
    }
    let (onConnect, early) = link.withLock { link in
      link.transport = LoopBound(transport, on: loop)
      link.writes = ours ?? outside?.writes
      link.outside = outside.map { LoopBound($0, on: loop) }
      link.localAddress = transport.localAddress
      link.remoteAddress = transport.remoteAddress
      defer { (link.onConnect, link.early) = (nil, nil) }
      return (link.onConnect, link.early)
    }
    early?.found(ours ?? outside?.writes)
    // Closed already; a close that comes only now finds the transport itself.
    if reading.withLock(\.isClosed) { end(aborting: link.withLock(\.isAborted)) }
    if let onConnect {
      let (reader, writer) = makeStreams()
      onConnect(reader, writer)
    }
  }

  /// Serves the waiting read from the lent bytes, keeps the rest.
  ///
  /// For the transport.
  public func dataReceived(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe feed($0) }
  }

  private func feed(_ bytes: UnsafeBufferPointer<UInt8>) {
    var runsReader = false
    let waiter: ReaderState.Continuation? = unsafe reading.withLock { state in
      guard !state.isClosed else { return nil }
      isDrained.store(false, ordering: .relaxed)
      runsReader = state.isServedAtOnce
      guard case .parked = state.reader else {
        unsafe state.buffer.append(bytes)
        return nil
      }
      unsafe state.buffer.openWindow(bytes)
      return unsafe state.wakeIfSatisfied()
    }
    if let waiter = unsafe waiter {
      // The reader goes on now, while the window is open and the bytes are in the cache.
      if runsReader {
        loop.core.serve { unsafe waiter.resume(returning: .ready) }
      } else {
        unsafe waiter.resume(returning: .ready)
      }
      // Somebody took everything out of the window, and left nothing to pause for.
      if isDrained.load(ordering: .acquiring) { return }
    }
    let pauses = reading.withLock { state in
      state.buffer.closeWindow()
      return state.shouldPause()
    }
    if pauses { openTransport?.pauseReading() }
  }

  /// Ends the reading side; writing goes on.
  ///
  /// For the transport.
  public func eofReceived() -> EOFAction {
    let waiter: ReaderState.Continuation? = unsafe reading.withLock { state in
      state.buffer.end()
      return unsafe state.wakeIfSatisfied()
    }
    unsafe waiter?.resume(returning: .ready)
    return .keepOpen
  }

  /// Lets the transport go on with what was written.
  ///
  /// For the transport.
  public func resumeWriting() { link.withLock(\.outside)?.value.resumeWriting() }

  /// Lets the transport take no more for now.
  ///
  /// For the transport.
  public func pauseWriting() { link.withLock(\.outside)?.value.pauseWriting() }

  /// Gives up what no read has taken: another protocol object has the connection from now on.
  ///
  /// Reads are ``StreamError/Code/closed``; writes still go out in order. For the transport.
  public func protocolReplaced() -> [UInt8] {
    let (rest, isPaused, waiter): ([UInt8], Bool, ReaderState.Continuation?) =
      unsafe reading.withLock { state in
        state.isClosed = true
        let rest = state.buffer.isSkipping ? [] : state.buffer.take(.max)
        defer { state.isPaused = false }
        return unsafe (rest, state.isPaused, state.wakeIfSatisfied())
      }
    if isPaused { openTransport?.resumeReading() }
    let waiters = link.withLock { link in
      link.transport = nil
      link.writes = nil
      link.outside = nil
      link.reason = .finished
      defer { link.closeWaiters = [] }
      return link.closeWaiters
    }
    unsafe waiter?.resume(returning: .ready)
    for waiter in waiters { waiter.fire() }
    return rest
  }

  /// Ends both sides, and every wait.
  ///
  /// For the transport.
  public func connectionLost(_ error: (any Error)?) {
    let outside = link.withLock(\.outside)?.value
    let cause = error.map { $0 as? UVError ?? .connectionAborted } ?? outside?.failure
    outside?.lost(cause)
    let (isClosed, waiter): (Bool, ReaderState.Continuation?) = unsafe reading.withLock { state in
      if let cause {
        state.failure = .broken(cause)
      } else if !state.buffer.hasEnded {
        // Closed by this side, at the loop's end for one: the peer has not finished, and nobody may think so.
        state.failure = .closed
      }
      return unsafe (state.isClosed, state.wakeIfSatisfied())
    }
    let waiters = link.withLock { link in
      if link.isAborted || (cause == nil && loop.isEnding) {
        link.reason = .aborted(cause)
      } else if let cause {
        // Only a graceful close of ours runs out of linger time.
        link.reason = cause == .timedOut && isClosed ? .aborted(cause) : .reset(cause)
      } else {
        link.reason = .finished
      }
      link.transport = nil
      link.outside = nil
      defer { link.closeWaiters = [] }
      return link.closeWaiters
    }
    unsafe waiter?.resume(returning: .ready)
    for waiter in waiters { waiter.fire() }
  }

  // MARK: The transport

  /// The queue for a new writer; without a connection yet, one that refuses, and where to look later.
  func writesForWriter() -> (WriteQueue, EarlyWrites?) {
    let (writes, early): (WriteQueue?, EarlyWrites?) = link.withLock { link in
      guard link.writes == nil, link.reason == nil else { return (link.writes, nil) }
      let early = link.early ?? EarlyWrites()
      link.early = early
      return (nil, early)
    }
    return (writes ?? .closed(on: loop), early)
  }

  /// The transport while the connection lasts.
  ///
  /// The loop's thread.
  var openTransport: (any Transport)? { link.withLock { $0.transport }?.value }

  /// Does something to the transport, on the loop: at once when the caller is there, soon otherwise.
  func withTransport(_ body: @escaping @Sendable (any Transport) -> Void) {
    withLink { transport, _ in body(transport) }
  }

  private func withLink(_ body: @escaping @Sendable (any Transport, OutsideSink?) -> Void) {
    let (found, outside) = link.withLock { ($0.transport, $0.outside) }
    guard let transport = found else { return }
    if loop.isCurrent {
      body(transport.value, outside?.value)
    } else {
      loop.execute { body(transport.value, outside?.value) }
    }
  }

  /// Ends our direction behind what was written.
  func writeEOF() {
    withLink { transport, outside in
      if let outside { outside.writeEOF() } else { try? transport.writeEOF() }
    }
  }

  func resumeReading() { withTransport { $0.resumeReading() } }

  // MARK: Closing

  var isClosing: Bool { reading.withLock(\.isClosed) || link.withLock { $0.reason != nil } }

  var isEndedByServer: Bool { link.withLock(\.isEndedByServer) }

  func markEndedByServer() { link.withLock { $0.isEndedByServer = true } }

  func close() { end(aborting: false) }

  func abort() {
    link.withLock { if $0.reason == nil { $0.isAborted = true } }
    end(aborting: true)
  }

  private func end(aborting: Bool) {
    let waiter: ReaderState.Continuation? = unsafe reading.withLock { state in
      state.isClosed = true
      // A lending reader puts back into a closed buffer, which drops it.
      state.buffer.removeAll()
      return unsafe state.wakeIfSatisfied()
    }
    unsafe waiter?.resume(returning: .ready)
    let writes = link.withLock { $0.writes }
    if aborting { writes?.close(nil) } else { writes?.endAccepting() }
    withLink { transport, outside in
      if let outside {
        if aborting { outside.abort() } else { outside.close() }
      } else {
        if aborting { transport.abort() } else { transport.close() }
      }
    }
  }

  func waitClosed() async -> CloseReason {
    let signal = OneShotSignal()
    let known: CloseReason? = link.withLock { link in
      if link.reason == nil { link.closeWaiters.append(signal) }
      return link.reason
    }
    if let known { return known }
    await signal.wait()
    return link.withLock(\.reason) ?? .finished
  }
}

/// How a connection ended.
public enum CloseReason: Hashable, Sendable {
  /// Closed by this side, with everything delivered, or by both.
  case finished
  /// The peer or the network broke it.
  case reset(UVError)
  /// Ended at once by this side; with an error when a graceful close took longer than the linger time.
  case aborted(UVError?)
}

/// A transport of this package's other targets that has the same kind of write queue.
package protocol QueuedTransport: Transport {
  var writes: WriteQueue { get }
}

/// What reader and writer share.
///
/// When both are gone, so is this, and the connection is closed.
final class ConnectionToken: Sendable {
  let core: StreamReaderProtocol
  #if DEBUG
    private let origin: CodePlace?
  #endif

  init(_ core: StreamReaderProtocol, openedAt origin: CodePlace? = nil) {
    self.core = core
    #if DEBUG
      self.origin = origin
    #endif
  }

  deinit {
    guard !core.isClosing else { return }
    core.close()
    #if DEBUG
      if let origin {
        Report.warning("a connection was not closed", ["opened": origin.description])
      }
    #endif
  }
}

/// A place in a program's source.
struct CodePlace: Sendable, CustomStringConvertible {
  let file: StaticString
  let line: UInt

  var description: String { "\(file):\(line)" }
}
