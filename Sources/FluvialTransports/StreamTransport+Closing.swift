internal import CFluvial

/// What a graceful close waits for: the linger time, and looks at the send queue in between.
///
/// A class, so that open transports hold only a reference. The loop's thread.
final class CloseClock {
  var deadline: ScheduledCall?
  var check: ScheduledCall?
  var interval: Duration = .milliseconds(1)

  func cancel() {
    deadline?.cancel()
    check?.cancel()
  }
}

extension StreamTransport {
  /// Ends the connection gracefully.
  public func close() {
    loop.checkIsolated()
    guard phase == .open else { return }
    if let brokenWriting {
      fail(brokenWriting.error)
      return
    }
    phase = .finishing
    writes.endAccepting()
    if isDiscardable { discardInput() } else { stopReading() }
    flushWrites()
    // Many are closed by now, and need no clock.
    guard phase == .finishing || phase == .lingering else { return }
    let clock = closeClock ?? CloseClock()
    let me = LoopBound(self, on: loop)
    clock.deadline = loop.schedule(after: lingerTime) { me.value.lingerTimeOver() }
    closeClock = clock
  }

  /// Ends the connection at once.
  public func abort() {
    loop.checkIsolated()
    shut(error: nil, resets: true)
  }

  /// The connection is broken: everybody who waits is told, then the protocol.
  func fail(_ error: any Error) {
    shut(error: error, resets: true)
  }

  // MARK: The steps of a graceful close

  /// A socket whose peer may still send: closing it at once would lose what was sent.
  private var isDiscardable: Bool { isSocket && !hasSeenEOF && !isBorrowed }

  var isSocket: Bool { kind == FLUV_KIND_TCP || isUnixSocket }

  /// A pipe's writing end: ending the direction is closing it.
  private var isWriteOnlyPipe: Bool {
    guard kind == FLUV_KIND_PIPE, !isUnixSocket, let descriptor else { return false }
    return fluv_descriptor_is_write_only(descriptor) != 0
  }

  /// Whether this kind of transport can end one direction alone.
  public var canWriteEOF: Bool {
    !isBorrowed && (isSocket || isWriteOnlyPipe)
  }

  var isUnixSocket: Bool {
    kind == FLUV_KIND_PIPE && localAddress?.family == .unix
  }

  private func stopReading() {
    if let handle = unsafe handle { unsafe fluv_stream_read_stop(handle) }
  }

  /// From now on what comes is read and dropped: `didRead` sees that we are not open.
  private func discardInput() {
    guard let handle = unsafe handle else { return }
    unsafe fluv_stream_own_memory(handle, 0)
    buffered = nil
    let status = unsafe fluv_stream_read_start(handle)
    if status < 0 { stopReading() }
  }

  func finishedWriting() {
    guard phase == .finishing else { return }
    // A peer that has ended its direction may still have to get what our kernel holds.
    guard isDiscardable || kind == FLUV_KIND_TCP else {
      shut(error: nil, resets: false)
      return
    }
    if hasSeenEOF, !wantsEOF, kind == FLUV_KIND_TCP, let descriptor, !isBorrowed,
      fluv_socket_unconfirmed(descriptor) == 0
    {
      // Nothing more can come and nothing is under way: the close tells the peer all that a shutdown would.
      shut(error: nil, resets: false)
      return
    }
    phase = .lingering
    if wantsEOF { checkConfirmation() } else { endDirection() }
  }

  func endDirection() {
    wantsEOF = true
    guard let handle = unsafe handle, canWriteEOF else {
      if phase == .lingering { shut(error: nil, resets: false) }
      return
    }
    if isWriteOnlyPipe {
      shut(error: nil, resets: false)
      return
    }
    let status = unsafe fluv_stream_shutdown(handle)
    if status < 0 { didShutdown(status) }
  }

  func didShutdown(_ status: Int32) {
    switch phase {
    case .open:
      if status < 0, status != UVError.notConnected.code { fail(UVError(code: status)) }
    case .finishing: break
    // Not connected any more: there is nobody to wait for.
    case .lingering: if status < 0 { shut(error: nil, resets: false) } else { checkConfirmation() }
    case .closing, .closed: break
    }
  }

  /// Closes when the peer's kernel has confirmed everything, else looks again a little later.
  func checkConfirmation() {
    guard phase == .lingering, let descriptor else { return }
    // A unix socket's bytes are in the peer's queue as soon as they are written.
    if isUnixSocket || fluv_socket_unconfirmed(descriptor) <= 0 {
      // Closing over unread input would reset what the peer has not read yet.
      if !hasSeenEOF { fluv_socket_discard(descriptor) }
      shut(error: nil, resets: false)
      return
    }
    let outcome = fluv_socket_outcome(descriptor)
    if outcome < 0 {
      shut(error: UVError(code: outcome), resets: true)
      return
    }
    let clock = closeClock ?? CloseClock()
    clock.check?.cancel()
    let me = LoopBound(self, on: loop)
    clock.check = loop.schedule(after: clock.interval) { me.value.checkConfirmation() }
    clock.interval = min(clock.interval * 2, .milliseconds(50))
    closeClock = clock
  }

  /// While closing: the peer's end of stream, or an error that leaves nobody to wait for.
  func peerEnded(_ error: UVError?) {
    hasSeenEOF = true
    guard phase == .lingering else { return }
    guard let error else {
      checkConfirmation()
      return
    }
    // Our end of stream counts as one byte; more than that, and the peer did not get everything.
    let isLost = kind == FLUV_KIND_TCP && fluv_socket_unconfirmed(descriptor ?? -1) > 1
    shut(error: isLost ? error : nil, resets: isLost)
  }

  private func lingerTimeOver() {
    guard phase == .finishing || phase == .lingering else { return }
    shut(error: UVError(code: UVError.timedOut.code, context: "graceful close"), resets: true)
  }

  /// Gives the handle back; `connectionLost` comes with libuv's closed callback.
  private func shut(error: (any Error)?, resets: Bool) {
    guard phase != .closing, phase != .closed, let closing = unsafe handle else { return }
    phase = .closing
    failure = error
    if resets, kind == FLUV_KIND_TCP, !isBorrowed, let descriptor {
      // Fails only when the connection is gone already.
      _ = fluv_socket_reset_on_close(descriptor)
    }
    closeClock?.cancel()
    closeClock = nil
    unsafe handle = nil
    willShut()
    writes.close(error.map { $0 as? UVError ?? .connectionAborted })
    unsafe fluv_stream_close(closing)
  }

  func didClose() { finish() }
}
