internal import CFluvial

extension StreamTransport {
  /// Accepts the bytes, and never waits.
  public func write(_ bytes: Span<UInt8>) throws(UVError) {
    loop.checkIsolated()
    let (refusal, pause) = writes.acceptAlways(bytes)
    if let refusal { throw error(for: refusal, count: bytes.count) }
    announce(pause: pause)
  }

  /// Accepts the pieces in order, all or none.
  public func write(contentsOf pieces: [[UInt8]]) throws(UVError) {
    // One value, so that the hard limit is asked once.
    try write(Array(pieces.joined()).span)
  }

  private func error(for refusal: WriteQueue.Refusal, count: Int) -> UVError {
    switch refusal {
    case .closed: UVError(code: UVError.notConnected.code, context: "write after close")
    case .broken(let error): error
    case .noRoom:
      UVError(
        code: UVError.noBufferSpace.code,
        context:
          "\(count) bytes beyond the hard limit of \(writeHardLimit) with \(writeBufferSize) waiting"
      )
    }
  }

  /// Ends our direction after what was written.
  public func writeEOF() throws(UVError) {
    loop.checkIsolated()
    guard phase == .open else {
      throw UVError(code: UVError.notConnected.code, context: "end of stream after close")
    }
    writes.endAccepting()
    sendEndOnceDrained()
  }

  /// The second half of `writeEOF`, for an end that was asked for from another thread.
  package func sendEndOnceDrained() {
    guard phase == .open, !wantsEOF, brokenWriting == nil else { return }
    wantsEOF = true
    flushWrites()
  }

  /// Bytes accepted and not yet with the kernel.
  public var writeBufferSize: Int { writes.count }

  /// When the protocol is told to pause and to go on.
  public var writeBufferLimits: WriteBufferLimits {
    get { writes.limits }
    set { writes.limits = newValue }
  }

  /// The most bytes that the synchronous write lets wait.
  public var writeHardLimit: Int {
    get { writes.hardLimit }
    set { writes.hardLimit = newValue }
  }

  // MARK: The queue's sink

  package func tryWrite(
    _ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>?
  ) -> Int {
    guard let handle = unsafe handle else { return Int(UVError.notConnected.code) }
    guard let second = unsafe second else {
      return unsafe fluv_stream_try_write(handle, first.baseAddress, first.count)
    }
    return unsafe fluv_stream_try_write2(
      handle, first.baseAddress, first.count, second.baseAddress, second.count)
  }

  package func startWrite(_ bytes: UnsafeBufferPointer<UInt8>) -> Int32 {
    guard let handle = unsafe handle else { return UVError.notConnected.code }
    return unsafe fluv_stream_write(handle, bytes.baseAddress, bytes.count)
  }

  package func flushWrites() {
    guard unsafe handle != nil else { return }
    act(on: writes.drain(into: self))
  }

  func didWrite(_ status: Int32) {
    // After an abort libuv reports what it dropped.
    guard unsafe handle != nil else { return }
    act(on: writes.finishedInFlight(status: status))
  }

  private func act(on effects: WriteQueue.Effects) {
    effects.resumeWaiters()
    if effects.error != 0 {
      failWriting(UVError(code: effects.error))
      return
    }
    announce(pause: effects.pause)
    guard effects.isDrained else { return }
    switch phase {
    case .open: if wantsEOF { endDirection() }
    case .finishing: finishedWriting()
    case .lingering, .closing, .closed: break
    }
  }
}
