internal import CFluvial

/// The common part of the transports: a libuv stream, its write queue, and the protocol that it tells.
///
/// Confined to the loop's thread. libuv holds one reference from opening to its closed callback, the loop another.
///
/// open -> finishing -> lingering -> closing -> closed
///   close(): open -> finishing, which lasts until everything is written
///   written: finishing -> lingering (direction ended, waiting for the peer's end or its confirmation) or closing
///   peer's end, confirmation, linger time over: lingering -> closing
///   abort(), an error: from anywhere before -> closing
///   libuv's closed callback: closing -> closed, and `connectionLost`
@safe
public class StreamTransport: LoopResource, Transport, WriteSink {
  enum Phase { case open, finishing, lingering, closing, closed }

  package let writes: WriteQueue
  let kind: fluv_kind
  var handle: OpaquePointer?
  var phase = Phase.open
  var proto: (any StreamProtocol)?
  var buffered: (any BufferedStreamProtocol)?
  var isPaused = false
  var isStarted = false
  var hasSeenEOF = false
  var wantsEOF = false
  var failure: (any Error)?
  var rare: RareState?
  var closeClock: CloseClock?
  /// Others use the open file too, as with standard streams: it is never shut down, reset or emptied, only let go of.
  var isBorrowed = false
  private var knownLocal: SocketAddress?
  private var knownRemote: SocketAddress?

  /// How long a graceful close may take before the connection is reset; 30 s unless set.
  public var lingerTime: Duration = .seconds(30)

  /// Wraps a descriptor, which is this transport's from the start: it is closed even when this throws.
  init(adopting descriptor: Int32, kind: fluv_kind, on loop: EventLoop) throws(UVError) {
    self.kind = kind
    writes = WriteQueue(core: loop.core)
    super.init(on: loop)
    // Before the thread is checked: what comes after the loop's end runs on another one.
    guard unsafe loop.core.local.pointee.phase == .open else {
      fluv_descriptor_close(descriptor)
      throw UVError(code: UVError.canceled.code, context: "the event loop has ended")
    }
    loop.checkIsolated()
    let owner = unsafe Unmanaged.passRetained(self)
    var opened: OpaquePointer?
    let status = unsafe fluv_stream_open(
      loop.core.handle, kind, descriptor, owner.toOpaque(), &opened)
    if status < 0 {
      unsafe owner.release()
      fluv_descriptor_close(descriptor)
      throw UVError(code: status, context: "descriptor \(descriptor)")
    }
    unsafe handle = opened
    writes.attach(self)
    loop.core.register(self)
    prefetchesOwnState()
  }

  // MARK: Queries

  /// Whether the transport is closing or closed.
  public var isClosing: Bool { phase != .open }

  /// Whether data is being delivered.
  public var isReading: Bool { phase == .open && isStarted && !isPaused && !hasSeenEOF }

  /// This side's address.
  public var localAddress: SocketAddress? {
    if knownLocal == nil { knownLocal = unsafe lookUp(fluv_socket_local) }
    return knownLocal
  }

  /// The peer's address.
  public var remoteAddress: SocketAddress? {
    if knownRemote == nil { knownRemote = unsafe lookUp(fluv_socket_remote) }
    return knownRemote
  }

  /// Keeps the peer's address that accepting or connecting has told, and the listener's unless it is a wildcard's.
  package func remember(remote: SocketAddress?, local: SocketAddress? = nil) {
    knownRemote = remote
    if let local, !local.isWildcard { knownLocal = local }
  }

  private func lookUp(_ call: (Int32, UnsafeMutablePointer<fluv_address>) -> Int32)
    -> SocketAddress?
  {
    guard kind == FLUV_KIND_TCP || kind == FLUV_KIND_PIPE, let descriptor else { return nil }
    var raw = fluv_address()
    return unsafe call(descriptor, &raw) < 0 ? nil : SocketAddress(raw: raw)
  }

  /// The descriptor, while it is open.
  ///
  /// It stays the transport's: do not close it.
  public var descriptor: Int32? {
    guard let handle = unsafe handle else { return nil }
    let result = unsafe fluv_stream_descriptor(handle)
    return result < 0 ? nil : result
  }

  /// The open file is not ours alone: leaves it as it was found.
  func borrow() {
    isBorrowed = true
    if let handle = unsafe handle { unsafe fluv_stream_mark_shared(handle) }
  }

  // MARK: Starting

  /// Tells the protocol that the connection is there, then begins to read unless it paused.
  package func start(_ newProtocol: any StreamProtocol) {
    adopt(newProtocol)
    callBack { try $0.connectionMade(self) }
    isStarted = true
    updateReading()
  }

  func adopt(_ newProtocol: any StreamProtocol) {
    proto = newProtocol
    buffered = newProtocol as? any BufferedStreamProtocol
    prefetches(newProtocol)
    if let handle = unsafe handle { unsafe fluv_stream_own_memory(handle, buffered == nil ? 0 : 1) }
  }

  // MARK: Reading

  /// Delivers no data until ``resumeReading()``.
  public func pauseReading() {
    loop.checkIsolated()
    guard !isPaused else { return }
    isPaused = true
    if isStarted, phase == .open, let handle = unsafe handle {
      unsafe fluv_stream_read_stop(handle)
    }
  }

  /// Delivers data again.
  public func resumeReading() {
    loop.checkIsolated()
    guard isPaused else { return }
    isPaused = false
    updateReading()
    if waiting != nil { deliverWaitingSoon() }
    if brokenWriting != nil { lookForRest() }
  }

  func updateReading() {
    guard isReading, let handle = unsafe handle else { return }
    let status = unsafe fluv_stream_read_start(handle)
    // A pipe that is only written to has nothing to read; libuv says so here.
    if status < 0, status != UVError.notConnected.code { fail(UVError(code: status)) }
  }

  /// The handle is about to go: for what a subclass keeps beside it.
  func willShut() {}

  func didRead(_ bytes: UnsafePointer<UInt8>?, _ count: Int) {
    guard phase == .open else {
      if count < 0 { peerEnded(count == Int(FLUV_EOF.int32) ? nil : UVError(code: count.int32)) }
      return
    }
    if rare != nil, !isReadyForMore(count) { return }
    if count > 0 {
      unsafe deliver(unsafe UnsafeBufferPointer(start: bytes, count: count))
    } else if let brokenWriting {
      fail(brokenWriting.error)
    } else if count == Int(FLUV_EOF.int32) {
      didReachEnd()
    } else {
      fail(UVError(code: count.int32))
    }
    loop.core.flushDirty()
  }

  func deliver(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let proto else { return }
    do {
      if let buffered {
        try buffered.bufferUpdated(bytes.count)
      } else {
        try proto.dataReceived(unsafe bytes.span)
      }
    } catch { callbackFailed(error) }
  }

  func didReachEnd() {
    hasSeenEOF = true
    guard let proto else { return }
    do {
      if try proto.eofReceived() == .close { close() }
    } catch { callbackFailed(error) }
  }

  func memoryForRead() -> UnsafeMutableBufferPointer<UInt8>? {
    unsafe buffered?.getBuffer()
  }

  // MARK: Callbacks into the protocol

  private func callBack(_ body: (any StreamProtocol) throws -> Void) {
    guard let proto else { return }
    do { try body(proto) } catch { callbackFailed(error) }
  }

  private func callbackFailed(_ error: any Error) {
    Report.error(
      "a protocol callback threw",
      ["error": "\(error)", "peer": remoteAddress?.description ?? "unknown"])
    fail(error)
  }

  func announce(pause: Bool?) {
    guard let pause, phase == .open else { return }
    callBack { pause ? try $0.pauseWriting() : try $0.resumeWriting() }
  }

  /// The handle is gone: the last thing that the protocol hears.
  func finish() {
    phase = .closed
    loop.core.unregister(self)
    let last = proto
    proto = nil
    buffered = nil
    last?.connectionLost(failure)
  }

  // MARK: The loop's end

  package override func loopWillClose() { abort() }
}
