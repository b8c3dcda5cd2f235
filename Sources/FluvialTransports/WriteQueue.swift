internal import DequeModule
internal import FluvialPrimitives

/// The bytes that a transport has accepted and its kernel has not, with the one counter that decides about room.
///
/// Every way of writing ends here: the transport's own writes on the loop's thread, the streams' writes from any thread.
/// Room has hysteresis: more than `high` bytes close it, `low` or less open it again. Who waits for room brings the
/// value along, and it is accepted, whole and in order of arrival, in the same step that ends the wait: a wait that is
/// cancelled leaves nothing behind.
package final class WriteQueue: Sendable {
  /// open -> ending (end of stream asked for, or closing) -> closed; broken from open and ending.
  enum Phase: Equatable {
    case open
    case ending
    case closed
    /// Indirect: the error has a text, and most queues never see one.
    indirect case broken(UVError)
  }

  /// Why a value cannot be accepted, now or ever.
  package enum Refusal: Equatable, Sendable {
    case noRoom
    case closed
    case broken(UVError)
  }

  /// How a wait ended; nil is success.
  package typealias Continuation = UnsafeContinuation<WaitEnd, Never>
  package enum WaitEnd: Sendable {
    case done
    case cancelled
    case closed
    case broken(UVError)
  }

  @safe struct Waiter {
    let ticket: UInt64
    let bytes: [UInt8]
    let continuation: Continuation
  }

  struct State {
    var phase = Phase.open
    /// This side said that no more would come.
    var wasEnded = false
    var chunks = ChunkList()
    /// What the kernel refused, and libuv will write when there is room.
    var inFlight = 0
    var limits = WriteBufferLimits.default
    var hardLimit = WriteBufferLimits.defaultHardLimit
    var isPaused = false
    /// The pause that the protocol was last told of.
    var announcedPause = false
    var isScheduled = false
    /// What a direct write failed with, kept for the drain to report.
    var directError: Int32 = 0
    var sink: (any WriteSink)?
    var roomWaiters = Deque<Waiter>()
    var flushWaiters: [Waiter] = []
    var tickets: UInt64 = 0
    /// The turn of the loop in which something was last written before its end, and how much.
    var lastTurn: UInt64 = 0
    var writtenThisTurn = 0

    var count: Int { chunks.count + inFlight }
  }

  /// A wait whose end is decided; resumed once the lock is free.
  @safe struct EndedWait {
    let continuation: Continuation
    let end: WaitEnd

    init(_ waiter: Waiter, _ end: WaitEnd) {
      unsafe continuation = waiter.continuation
      self.end = end
    }

    func resume() { unsafe continuation.resume(returning: end) }
  }

  /// What a step wants done once the lock is free.
  @safe struct Effects {
    var ended: [EndedWait] = []
    var error: Int32 = 0
    var isDrained = false
    /// What to tell the protocol, if it changed.
    var pause: Bool?

    func resumeWaiters() {
      for wait in ended { wait.resume() }
    }
  }

  let core: LoopCore
  let state: Lock<State>

  package init(core: LoopCore) {
    self.core = core
    state = Lock(State())
  }

  deinit { state.withLock { $0.chunks.removeAll() } }

  package convenience init(on loop: EventLoop) { self.init(core: loop.core) }

  /// A queue that refuses everything: of a connection that is not there.
  package static func closed(on loop: EventLoop) -> WriteQueue {
    let queue = WriteQueue(core: loop.core)
    queue.close(nil)
    return queue
  }

  package func attach(_ sink: any WriteSink) {
    let box = SinkBox(sink)
    state.withLock { $0.sink = box.sink }
  }

  /// Takes the sink across the lock.
  ///
  /// Sendable because the sink is only used on the loop's thread.
  private struct SinkBox: @unchecked Sendable {
    let sink: any WriteSink
    init(_ sink: any WriteSink) { self.sink = sink }
  }

  // MARK: Queries

  package var count: Int { state.withLock { $0.count } }

  package var isPaused: Bool { state.withLock { $0.isPaused } }

  package var limits: WriteBufferLimits {
    get { state.withLock { $0.limits } }
    set {
      var schedules: (any WriteSink)?
      let effects = state.withLock { state in
        state.limits = newValue
        var effects = Effects()
        if state.count > newValue.high { state.isPaused = true }
        state.settleRoom(&effects)
        schedules = state.sinkToSchedule()
        return effects
      }
      if let sink = schedules { schedule(sink, onLoop: core.isCurrent) }
      effects.resumeWaiters()
    }
  }

  package var hardLimit: Int {
    get { state.withLock { $0.hardLimit } }
    set { state.withLock { $0.hardLimit = newValue } }
  }

  // MARK: Accepting

  /// Accepts the bytes whole, if there is room and nobody waits for it; false otherwise.
  ///
  /// Any thread. Accepted bytes go out at the end of the turn that is running, or at once when they are many.
  package func accepts(_ bytes: [UInt8]) -> Bool {
    admit { state, pool in
      // Kept as it is, so that it costs no copy to have values of one turn go out together.
      state.chunks.append(bytes, pool)
    }
  }

  package func accepts(_ bytes: Span<UInt8>) -> Bool {
    admit { state, pool in state.append(bytes, pool, core) }
  }

  /// The bytes and one more, as one value.
  package func accepts(_ bytes: Span<UInt8>, andThen last: UInt8) -> Bool {
    admit { state, pool in state.chunks.append(copying: bytes, andThen: last, pool) }
  }

  /// As ``accepts(_:)-([UInt8])``, telling why not.
  package func tryAccept(_ bytes: [UInt8]) -> Refusal? {
    while !accepts(bytes) { if let refusal { return refusal } }
    return nil
  }

  package func tryAccept(_ bytes: Span<UInt8>) -> Refusal? {
    while !accepts(bytes) { if let refusal { return refusal } }
    return nil
  }

  package func tryAccept(pieces: [[UInt8]]) -> Refusal? {
    while true {
      if admit({ state, pool in for piece in pieces { state.chunks.append(piece, pool) } }) {
        return nil
      }
      if let refusal { return refusal }
    }
  }

  /// Accepts the bytes whether there is room or not: the transport's synchronous write, bounded by the hard limit.
  ///
  /// `pause` is what the protocol must be told, if anything.
  func acceptAlways(_ bytes: Span<UInt8>) -> (refusal: Refusal?, pause: Bool?) {
    var pause: Bool?
    var isOverLimit = false
    let isAccepted = admit(forcing: true) { state, pool in
      isOverLimit = bytes.count > state.hardLimit - min(state.count, state.hardLimit)
      if !isOverLimit { state.append(bytes, pool, core) }
    } settled: { state in
      pause = state.takePauseNews()
    }
    guard isAccepted else { return (state.withLock { $0.refusal(forcing: true) }, nil) }
    return (isOverLimit ? .noRoom : nil, pause)
  }

  /// Why a value cannot be accepted now, or nil.
  private var refusal: Refusal? { state.withLock { $0.refusal(forcing: false) } }

  @inline(__always)
  private func admit(
    forcing: Bool = false, _ body: (inout State, BlockPool?) -> Void,
    settled: (inout State) -> Void = { _ in }
  ) -> Bool {
    let pool = core.isCurrent ? core.blocks : nil
    var isOffLoop = false
    let isAccepted = state.withLock { state in
      guard state.accepts(forcing: forcing) else { return false }
      body(&state, pool)
      if state.count > state.limits.high { state.overHigh(pool, core) }
      settled(&state)
      if state.needsFlush, let sink = state.sink {
        state.isScheduled = true
        if pool != nil { core.markDirty(sink) } else { isOffLoop = true }
      }
      return true
    }
    if isOffLoop, let sink = state.withLock(\.sink) { schedule(sink, onLoop: false) }
    return isAccepted
  }

  private func schedule(_ sink: any WriteSink, onLoop: Bool) {
    if onLoop {
      core.markDirty(sink)
    } else {
      let box = SinkBox(sink)
      core.submit(.call { box.sink.flushWrites() })
    }
  }

  // MARK: Waiting

  /// Waits for room behind those who wait already, then accepts the bytes; with none, only waits.
  package func waitForRoom(_ bytes: [UInt8]) async -> WaitEnd {
    let ticket = nextTicket()
    return await withTaskCancellationHandler {
      unsafe await withUnsafeContinuation { continuation in
        unsafe park(Waiter(ticket: ticket, bytes: bytes, continuation: continuation))
      }
    } onCancel: {
      cancelWait(ticket)
    }
  }

  private func nextTicket() -> UInt64 {
    state.withLock { state in
      state.tickets &+= 1
      return state.tickets
    }
  }

  private func park(_ waiter: Waiter) {
    let isCancelled = Task.isCancelled
    let onLoop = core.isCurrent
    var schedules: (any WriteSink)?
    let end: WaitEnd? = state.withLock { state in
      // The mark is set before the cancellation handler runs, and the handler takes this lock: seen here or found there.
      if isCancelled || Task.isCancelled { return .cancelled }
      switch state.refusal(forcing: false) {
      case .closed: return .closed
      case .broken(let error): return .broken(error)
      case .noRoom:
        state.roomWaiters.append(waiter)
        return nil
      case nil:
        state.chunks.append(waiter.bytes, onLoop ? core.blocks : nil)
        if state.count > state.limits.high { state.isPaused = true }
        schedules = state.sinkToSchedule()
        return .done
      }
    }
    if let sink = schedules { schedule(sink, onLoop: onLoop) }
    if let end { unsafe waiter.continuation.resume(returning: end) }
  }

  /// Waits until the kernel has every byte that was accepted before.
  package func waitUntilFlushed() async -> WaitEnd {
    let ticket = nextTicket()
    return await withTaskCancellationHandler {
      unsafe await withUnsafeContinuation { continuation in
        let waiter = unsafe Waiter(ticket: ticket, bytes: [], continuation: continuation)
        let end: WaitEnd? = state.withLock { state in
          if Task.isCancelled { return .cancelled }
          switch state.phase {
          case .closed: return .closed
          case .broken(let error): return .broken(error)
          case .open, .ending:
            if state.count == 0 { return .done }
            state.flushWaiters.append(waiter)
            return nil
          }
        }
        if let end { unsafe continuation.resume(returning: end) }
      }
    } onCancel: {
      cancelWait(ticket)
    }
  }

  private func cancelWait(_ ticket: UInt64) {
    let waiter: Waiter? = state.withLock { state in
      if let index = state.roomWaiters.firstIndex(where: { $0.ticket == ticket }) {
        return state.roomWaiters.remove(at: index)
      }
      if let index = state.flushWaiters.firstIndex(where: { $0.ticket == ticket }) {
        return state.flushWaiters.remove(at: index)
      }
      return nil
    }
    unsafe waiter?.continuation.resume(returning: .cancelled)
  }
}
