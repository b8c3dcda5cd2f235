internal import DequeModule
internal import FluvialPrimitives

/// The loop's side of the queue: giving the kernel what was accepted, and ending.
extension WriteQueue {
  /// Writes what the kernel takes, hands the start of the rest to libuv.
  ///
  /// The loop's thread.
  func drain() -> Effects {
    state.withLock { state in
      state.isScheduled = false
      var effects = Effects()
      state.drain(&effects)
      effects.pause = state.takePauseNews()
      unsafe state.chunks.giveMemory(to: &core.local.pointee.spareChunk)
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
      } else {
        state.drain(&effects)
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

  mutating func append(_ bytes: [UInt8], directly: Bool) {
    var start = 0
    if directly, bytes.count >= Self.direct, count == 0, let sink {
      start = writeDirectly(bytes.span, to: sink)
    }
    chunks.append(bytes, from: start)
  }

  mutating func append(_ bytes: Span<UInt8>, directly: Bool) {
    var start = 0
    if directly, bytes.count >= Self.direct, count == 0, let sink {
      start = writeDirectly(bytes, to: sink)
    }
    chunks.append(copying: bytes.extracting(start..<bytes.count))
  }

  /// Returns how much went.
  private mutating func writeDirectly(_ bytes: Span<UInt8>, to sink: any WriteSink) -> Int {
    let taken = unsafe bytes.withUnsafeBufferPointer { unsafe sink.tryWrite($0, nil) }
    if taken < 0, taken != Int(UVError.tryAgain.code) { directError = taken.int32 }
    return max(taken, 0)
  }

  /// The sink, if it must be told that there is something to flush.
  mutating func sinkToSchedule() -> (any WriteSink)? {
    guard !isScheduled, inFlight == 0, !chunks.isEmpty else { return nil }
    isScheduled = true
    return sink
  }

  /// Whether the protocol is to be told of a pause (true) or its end (false).
  mutating func takePauseNews() -> Bool? {
    guard isPaused != announcedPause else { return nil }
    announcedPause = isPaused
    return isPaused
  }

  mutating func overHigh(onLoop: Bool) {
    // What was only waiting for the end of the turn is no reason to pause anybody.
    if onLoop, inFlight == 0 {
      var effects = WriteQueue.Effects()
      drainChunks(&effects)
      if effects.error != 0 { return }
    }
    if count > limits.high { isPaused = true }
  }

  mutating func drain(_ effects: inout WriteQueue.Effects) {
    repeat {
      if inFlight == 0 {
        drainChunks(&effects)
        if effects.error == 0, !chunks.isEmpty { handOver(&effects) }
        if effects.error != 0 { return }
      }
      // Values that were let in may go out at once.
    } while settleRoom(&effects) && inFlight == 0
    guard count == 0 else { return }
    effects.isDrained = true
    if flushWaiters.isEmpty { return }
    for waiter in flushWaiters { effects.ended.append(WriteQueue.EndedWait(waiter, .done)) }
    flushWaiters = []
  }

  private mutating func drainChunks(_ effects: inout WriteQueue.Effects) {
    if directError != 0 {
      effects.error = directError
      return
    }
    guard let sink else { return }
    while !chunks.isEmpty {
      let (taken, offered) = unsafe chunks.withFirstTwo { first, second in
        (unsafe sink.tryWrite(first, second), unsafe first.count + (second?.count ?? 0))
      }
      if taken == Int(UVError.tryAgain.code) { return }
      if taken < 0 {
        effects.error = taken.int32
        return
      }
      chunks.consume(taken)
      if taken < offered { return }
    }
  }

  private mutating func handOver(_ effects: inout WriteQueue.Effects) {
    guard let sink else { return }
    let (status, size) = unsafe chunks.withFirstTwo { first, _ in
      let part = unsafe UnsafeBufferPointer(rebasing: first.prefix(Self.handedOver))
      return (unsafe sink.startWrite(part), part.count)
    }
    if status < 0 {
      effects.error = status
      return
    }
    chunks.consume(size)
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
