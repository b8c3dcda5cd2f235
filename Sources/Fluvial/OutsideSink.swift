internal import FluvialTransports

/// Carries what a writer accepted to a transport that was made outside of this package, by its public functions alone.
///
/// The loop's thread only. The transport gets one piece at a time, and the next once it holds nothing of it: so the
/// queue's count is what waits, a flush means what it says, and nothing piles up in the transport.
///
/// A piece: none -> held (the queue gave it) -> handed over (the transport paused us over it) -> none
/// The end: open -> ended (end of stream asked for) -> closing; given to the transport once the queue is empty
final class OutsideSink: WriteSink {
  enum End: Comparable { case open, ended, closing }

  let writes: WriteQueue
  private let transport: any Transport
  private var held: [UInt8] = []
  private var isHandedOver = false
  private var isPaused = false
  private var end = End.open
  private var hasToldEnd = false
  private var linger: ScheduledCall?
  /// What ended the connection from here, for a transport that tells of no error.
  private(set) var failure: UVError?

  init(_ transport: any Transport) {
    self.transport = transport
    writes = WriteQueue(on: transport.loop)
    // Told at every byte that it holds, and when it holds none.
    if let none = try? WriteBufferLimits(low: 0, high: 0) { transport.writeBufferLimits = none }
    writes.attach(self)
  }

  // MARK: From the queue

  func flushWrites() {
    act(on: writes.drainIntoSink())
    pump()
  }

  /// The transport is somebody else's code, and this is called under the queue's lock.
  func tryWrite(
    _ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>?
  ) -> Int { Int(UVError.tryAgain.code) }

  func startWrite(_ bytes: UnsafeBufferPointer<UInt8>) -> Int32 {
    held = unsafe Array(bytes)
    return 0
  }

  private func pump() {
    while !held.isEmpty, !isPaused {
      let piece = held
      held = []
      do throws(UVError) { try transport.write(piece.span) } catch {
        act(on: writes.endWrite(status: error.code))
        return
      }
      if isPaused {
        isHandedOver = true
      } else {
        act(on: writes.endWrite(status: 0))
      }
    }
  }

  private func act(on outcome: WriteQueue.Outcome) {
    if outcome.error != 0 { return fail(UVError(code: outcome.error)) }
    if outcome.isDrained { tellEnd() }
  }

  private func tellEnd() {
    guard end > .open, !transport.isClosing else { return }
    if end == .closing {
      linger?.cancel()
      transport.close()
    } else if !hasToldEnd {
      hasToldEnd = true
      try? transport.writeEOF()
    }
  }

  private func fail(_ error: UVError) {
    failure = failure ?? error
    linger?.cancel()
    writes.close(error)
    transport.abort()
  }

  // MARK: From the transport

  func pauseWriting() { isPaused = true }

  func resumeWriting() {
    isPaused = false
    if isHandedOver {
      isHandedOver = false
      act(on: writes.endWrite(status: 0))
    }
    pump()
  }

  /// The connection is gone.
  func lost(_ error: UVError?) {
    linger?.cancel()
    writes.close(error)
  }

  // MARK: From the streams

  /// Ends this direction once everything was handed over.
  func writeEOF() { begin(.ended) }

  /// Closes once everything was handed over; the time for that is the transport's linger time.
  func close() {
    guard end < .closing else { return }
    let me = LoopBound(self, on: transport.loop)
    linger = transport.loop.schedule(after: transport.lingerTime) { me.value.fail(.timedOut) }
    // A peer that waits for us to read would never take the rest; what comes is dropped.
    transport.resumeReading()
    begin(.closing)
  }

  private func begin(_ next: End) {
    end = max(end, next)
    writes.endAccepting()
    flushWrites()
  }

  func abort() {
    linger?.cancel()
    writes.close(nil)
    transport.abort()
  }
}
