internal import DequeModule
internal import FluvialPrimitives

/// The loop's side of the queue: giving the kernel what was accepted, and ending.
extension WriteQueue {
  /// Writes what the kernel takes, hands the start of the rest to libuv.
  ///
  /// The loop's thread.
  @inline(__always)
  func drain<Sink: WriteSink>(into sink: Sink) -> Effects {
    state.withLock { state in
      state.isScheduled = false
      var effects = Effects()
      state.drain(&effects, into: sink, core)
      effects.pause = state.takePauseNews()
      return effects
    }
  }

  /// libuv has written, or failed to write, what was in flight.
  ///
  /// The loop's thread.
  func finishedInFlight(status: Int32) -> Effects {
    state.withLock { state in
      state.inFlight = 0
      var effects = Effects()
      if status < 0 {
        effects.error = status
      } else if let sink = state.sink {
        state.drain(&effects, into: sink, core)
        effects.pause = state.takePauseNews()
      }
      return effects
    }
  }

  /// No more values; what was accepted still goes out.
  ///
  /// Who waits for room is refused.
  ///
  /// Returns whether this call did it. Any thread.
  @discardableResult
  package func endAccepting() -> Bool {
    let (didEnd, effects) = state.withLock { state in
      var effects = Effects()
      guard state.phase == .open else { return (false, effects) }
      state.phase = .ending
      state.wasEnded = true
      state.failRoomWaiters(.closed, &effects)
      return (true, effects)
    }
    effects.resumeWaiters()
    return didEnd
  }

  /// Drops everything and refuses everybody: closed by us, or broken by `error`.
  package func close(_ error: UVError?) {
    var sink: (any WriteSink)?
    let effects = state.withLock { state in
      var effects = Effects()
      switch state.phase {
      case .closed, .broken: break
      case .open, .ending: state.phase = error.map { .broken($0) } ?? .closed
      }
      let end: WaitEnd = error.map { .broken($0) } ?? .closed
      state.failRoomWaiters(end, &effects)
      for waiter in state.flushWaiters { effects.ended.append(WriteQueue.EndedWait(waiter, end)) }
      state.flushWaiters = []
      state.chunks.removeAll()
      state.inFlight = 0
      // Let go outside the lock; the sink owns this queue.
      sink = state.sink
      state.sink = nil
      return effects
    }
    effects.resumeWaiters()
    _ = sink
  }
}

extension WriteQueue.State {
  /// A value at least this long goes straight from the caller's memory, when nothing is before it.
  private static let direct = 16 * 1024
  /// So much goes out in one turn of the loop before the writer waits for the next.
  private static let mostInTurn = 1024 * 1024
  /// Of what the kernel refused, libuv gets a copy of this much: enough to be told when there is room again.
  private static let handedOver = 64 * 1024

  func refusal(forcing: Bool) -> WriteQueue.Refusal? {
    switch phase {
    case .open: !forcing && (isPaused || !roomWaiters.isEmpty) ? .noRoom : nil
    case .ending, .closed: .closed
    // Ended by us before it broke: that is what a later write did wrong.
    case .broken(let error): wasEnded ? .closed : .broken(error)
    }
  }

  /// Whether a value may come in; ``refusal(forcing:)`` tells why not.
  @inline(__always)
  func accepts(forcing: Bool) -> Bool {
    guard case .open = phase else { return false }
    // Nobody waits for room unless there is a pause.
    return forcing || !isPaused
  }

  @inline(__always)
  mutating func append(_ bytes: Span<UInt8>, _ pool: BlockPool?, _ core: LoopCore) {
    var start = 0
    if bytes.count >= Self.direct, pool != nil, count == 0, let sink, mayWriteNow(core) {
      start = writeDirectly(bytes, to: sink)
    }
    chunks.append(copying: bytes.extracting(start..<bytes.count), pool)
  }

  /// Returns how much went.
  private mutating func writeDirectly(_ bytes: Span<UInt8>, to sink: any WriteSink) -> Int {
    let taken = unsafe bytes.withUnsafeBufferPointer { unsafe sink.tryWrite($0, nil) }
    if taken < 0, taken != Int(UVError.tryAgain.code) { failDirectly(taken.int32) }
    writtenThisTurn += max(taken, 0)
    return max(taken, 0)
  }

  /// Refuses from now on; the drain at the end of the turn tells the sink, which may be called only then.
  private mutating func failDirectly(_ error: Int32) {
    directError = error
    if phase == .open { phase = .broken(UVError(code: error)) }
  }

  /// Whether there is something that nobody has been told to flush.
  @inline(__always)
  var needsFlush: Bool { !isScheduled && inFlight == 0 && !chunks.isEmpty }

  /// The sink, if it must be told that there is something to flush.
  mutating func sinkToSchedule() -> (any WriteSink)? {
    guard needsFlush else { return nil }
    isScheduled = true
    return sink
  }

  /// Whether the protocol is to be told of a pause (true) or its end (false).
  @inline(__always)
  mutating func takePauseNews() -> Bool? {
    guard isPaused != announcedPause else { return nil }
    announcedPause = isPaused
    return isPaused
  }

  mutating func overHigh(_ pool: BlockPool?, _ core: LoopCore) {
    // What was only waiting for the end of the turn is no reason to pause anybody.
    if pool != nil, inFlight == 0, let sink, mayWriteNow(core) {
      var effects = WriteQueue.Effects()
      let before = count
      drainChunks(&effects, into: sink, pool)
      writtenThisTurn += before - count
      if effects.error != 0 { failDirectly(effects.error) }
    }
    if count > limits.high { isPaused = true }
  }

  /// Whether a writer may give the kernel more before the turn ends.
  ///
  /// One that never finds the kernel full would keep everybody else from running; paused, it waits for the turn's end.
  private mutating func mayWriteNow(_ core: LoopCore) -> Bool {
    let turn = core.turn
    if turn != lastTurn { (lastTurn, writtenThisTurn) = (turn, 0) }
    return writtenThisTurn < Self.mostInTurn
  }

  @inline(__always)
  mutating func drain<Sink: WriteSink>(
    _ effects: inout WriteQueue.Effects, into sink: Sink, _ core: LoopCore
  ) {
    repeat {
      if inFlight == 0 {
        drainChunks(&effects, into: sink, core.blocks)
        if effects.error == 0, !chunks.isEmpty { handOver(&effects, to: sink, core.blocks) }
        if effects.error != 0 { return }
      }
      // Values that were let in may go out at once.
    } while isPaused && settleRoom(&effects) && inFlight == 0
    guard count == 0 else { return }
    effects.isDrained = true
    if flushWaiters.isEmpty { return }
    for waiter in flushWaiters { effects.ended.append(WriteQueue.EndedWait(waiter, .done)) }
    flushWaiters = []
  }

  @inline(__always)
  private mutating func drainChunks<Sink: WriteSink>(
    _ effects: inout WriteQueue.Effects, into sink: Sink, _ pool: BlockPool?
  ) {
    if directError != 0 {
      effects.error = directError
      return
    }
    while !chunks.isEmpty {
      let (taken, offered) = unsafe chunks.withFirstTwo { first, second in
        (unsafe sink.tryWrite(first, second), unsafe first.count + (second?.count ?? 0))
      }
      if taken == Int(UVError.tryAgain.code) { return }
      if taken < 0 {
        effects.error = taken.int32
        return
      }
      chunks.consume(taken, pool)
      if taken < offered { return }
    }
  }

  private mutating func handOver<Sink: WriteSink>(
    _ effects: inout WriteQueue.Effects, to sink: Sink, _ pool: BlockPool
  ) {
    let (status, size) = unsafe chunks.withFirstTwo { first, _ in
      let part = unsafe UnsafeBufferPointer(rebasing: first.prefix(Self.handedOver))
      return (unsafe sink.startWrite(part), part.count)
    }
    if status < 0 {
      effects.error = status
      return
    }
    chunks.consume(size, pool)
    inFlight = size
  }

  /// Opens the room when little is left, and lets in those who wait, in order, until it is full again.
  ///
  /// Returns whether anybody was let in.
  @discardableResult
  mutating func settleRoom(_ effects: inout WriteQueue.Effects) -> Bool {
    guard isPaused, count <= limits.low else { return false }
    isPaused = false
    var letIn = false
    while !isPaused, let waiter = roomWaiters.popFirst() {
      chunks.append(waiter.bytes)
      if count > limits.high { isPaused = true }
      effects.ended.append(WriteQueue.EndedWait(waiter, .done))
      letIn = true
    }
    return letIn
  }

  mutating func failRoomWaiters(_ end: WriteQueue.WaitEnd, _ effects: inout WriteQueue.Effects) {
    while let waiter = roomWaiters.popFirst() {
      effects.ended.append(WriteQueue.EndedWait(waiter, end))
    }
  }
}
