internal import Fluvial
internal import FluvialTransports

/// A transport whose peer is another one on the same loop; confined to it.
///
/// open -> finishing (own close, data still queued) -> closed; closed from anywhere by an error or an abort.
final class MemoryTransport: QueuedTransport, WriteSink {
  enum Phase { case open, finishing, closed }

  let loop: EventLoop
  let writes: WriteQueue
  var lingerTime: Duration = .seconds(30)
  private let incoming: MemoryPipe
  private let outgoing: MemoryPipe
  private var proto: (any StreamProtocol)?
  private var phase = Phase.open
  private var isPaused = false
  private var isStarted = false
  private var hasSeenEnd = false
  /// What an earlier protocol object had not used.
  private var waiting: [UInt8] = []
  private var wantsEOF = false
  private var isDeliveryDue = false
  private var isPumpDue = false
  /// What the pipe refused and the queue has handed over.
  private var inFlight: [UInt8] = []
  /// Writing failed with this, and input is still to be delivered.
  private var brokenBy: UVError?
  private var failure: (any Error)?
  private var hook: LoopEndHook?
  private var linger: ScheduledCall?

  init(incoming: MemoryPipe, outgoing: MemoryPipe, on loop: EventLoop) {
    self.loop = loop
    self.incoming = incoming
    self.outgoing = outgoing
    writes = WriteQueue(core: loop.core)
    writes.attach(self)
    incoming.onReadable = { [weak self] in self?.deliverSoon() }
    outgoing.onWritable = { [weak self] in self?.pumpSoon() }
    hook = LoopEndHook(on: loop) { [self] in abort() }
  }

  func start(_ newProtocol: any StreamProtocol) {
    proto = newProtocol
    callBack { try $0.connectionMade(self) }
    isStarted = true
    deliverSoon()
  }

  // MARK: Queries

  var isClosing: Bool { phase != .open }
  var isReading: Bool { phase == .open && isStarted && !isPaused && !hasSeenEnd }
  var localAddress: SocketAddress? { nil }
  var remoteAddress: SocketAddress? { nil }
  var canWriteEOF: Bool { true }
  var writeBufferSize: Int { writes.count }
  var writeBufferLimits: WriteBufferLimits {
    get { writes.limits }
    set { writes.limits = newValue }
  }
  var writeHardLimit: Int {
    get { writes.hardLimit }
    set { writes.hardLimit = newValue }
  }

  func setProtocol(_ newProtocol: any StreamProtocol) {
    loop.checkIsolated()
    guard phase != .closed else { return }
    waiting += proto?.protocolReplaced() ?? []
    proto = newProtocol
    // The new one hears of the end behind them.
    if phase == .open { hasSeenEnd = false }
    deliverSoon()
  }

  // MARK: Reading

  func pauseReading() {
    loop.checkIsolated()
    isPaused = true
  }

  func resumeReading() {
    loop.checkIsolated()
    isPaused = false
    deliverSoon()
  }

  private func deliverSoon() {
    guard !isDeliveryDue, phase != .closed else { return }
    isDeliveryDue = true
    let me = LoopBound(self, on: loop)
    loop.execute { me.value.deliver() }
  }

  private func deliver() {
    isDeliveryDue = false
    guard phase != .closed, isStarted, !hasSeenEnd, !isPaused || phase == .finishing else { return }
    let bytes = waiting.isEmpty ? incoming.read() : waiting
    waiting = []
    if !bytes.isEmpty {
      // While finishing, what comes is dropped.
      if phase == .open { callBack { try $0.dataReceived(bytes.span) } }
      deliverSoon()
    } else if let brokenBy {
      shut(brokenBy)
    } else if let end = incoming.end {
      hasSeenEnd = true
      reachedEnd(end)
    }
  }

  private func reachedEnd(_ end: Result<Void, UVError>) {
    if case .failure(let error) = end {
      shut(error)
    } else if phase == .open {
      callBack { if try $0.eofReceived() == .close { close() } }
    }
  }

  // MARK: Writing

  func write(_ bytes: Span<UInt8>) throws(UVError) {
    loop.checkIsolated()
    let (refusal, pause) = writes.acceptSynchronously(bytes)
    switch refusal {
    case nil: announce(pause)
    case .closed: throw UVError(code: UVError.notConnected.code, context: "write after close")
    case .noRoom: throw UVError(code: UVError.noBufferSpace.code, context: "hard limit")
    case .broken(let error): throw error
    }
  }

  func write(contentsOf pieces: [[UInt8]]) throws(UVError) {
    try write(Array(pieces.joined()).span)
  }

  func writeEOF() throws(UVError) {
    loop.checkIsolated()
    guard phase == .open else {
      throw UVError(code: UVError.notConnected.code, context: "end of stream after close")
    }
    writes.endAccepting()
    wantsEOF = true
    flushWrites()
  }

  func flushWrites() {
    if phase != .closed { act(on: writes.drainIntoSink()) }
  }

  func tryWrite(
    _ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>?
  ) -> Int {
    let count = unsafe outgoing.write(first)
    guard count == first.count, let second = unsafe second else { return count }
    return count + max(0, unsafe outgoing.write(second))
  }

  func startWrite(_ bytes: UnsafeBufferPointer<UInt8>) -> Int32 {
    inFlight = unsafe Array(bytes)
    pumpSoon()
    return 0
  }

  private func pumpSoon() {
    guard !isPumpDue, phase != .closed, !inFlight.isEmpty else { return }
    isPumpDue = true
    let me = LoopBound(self, on: loop)
    loop.execute { me.value.pump() }
  }

  private func pump() {
    isPumpDue = false
    guard phase != .closed, !inFlight.isEmpty else { return }
    let count = unsafe inFlight.withUnsafeBufferPointer { unsafe outgoing.write($0) }
    if count == Int(UVError.tryAgain.code) {
      // Refused by a fault: nobody will call when there is room. A full pipe calls when it is read.
      if outgoing.isEmpty { pumpSoon() }
    } else if count < 0 {
      inFlight = []
      act(on: writes.endWrite(status: Int32(clamping: count)))
    } else {
      inFlight.removeFirst(count)
      if inFlight.isEmpty { act(on: writes.endWrite(status: 0)) } else { pumpSoon() }
    }
  }

  private func act(on outcome: WriteQueue.Outcome) {
    guard outcome.error == 0 else {
      failWriting(UVError(code: outcome.error))
      return
    }
    announce(outcome.pause)
    guard outcome.isDrained else { return }
    switch phase {
    case .open: if wantsEOF { outgoing.finish() }
    case .finishing: shut(nil)
    case .closed: break
    }
  }

  /// What the peer sent before is still delivered.
  private func failWriting(_ error: UVError) {
    guard phase == .open, isStarted, !hasSeenEnd, !incoming.isEmpty else {
      shut(error)
      return
    }
    brokenBy = error
    writes.close(error)
    deliverSoon()
  }

  // MARK: Ending

  func close() {
    loop.checkIsolated()
    guard phase == .open else { return }
    if let brokenBy {
      shut(brokenBy)
      return
    }
    phase = .finishing
    writes.endAccepting()
    let me = LoopBound(self, on: loop)
    linger = loop.schedule(after: lingerTime) { me.value.shut(.timedOut) }
    deliverSoon()
    flushWrites()
  }

  func abort() {
    loop.checkIsolated()
    guard phase != .closed else { return }
    outgoing.cut(.connectionReset)
    shut(nil)
  }

  private func shut(_ error: UVError?) {
    guard phase != .closed else { return }
    phase = .closed
    failure = error
    linger?.cancel()
    writes.close(error)
    if let error, error == .timedOut { outgoing.cut(.connectionReset) }
    outgoing.finish()
    incoming.abandon()
    // Later, never from inside a call of the owner's.
    let me = LoopBound(self, on: loop)
    loop.execute { me.value.lost() }
  }

  private func lost() {
    hook?.leave()
    hook = nil
    let last = proto
    proto = nil
    last?.connectionLost(failure)
  }

  // MARK: The protocol

  private func announce(_ pause: Bool?) {
    guard let pause, phase == .open else { return }
    callBack { pause ? try $0.pauseWriting() : try $0.resumeWriting() }
  }

  private func callBack(_ body: (any StreamProtocol) throws -> Void) {
    guard let proto else { return }
    do { try body(proto) } catch { shut(error as? UVError ?? .connectionAborted) }
  }
}
