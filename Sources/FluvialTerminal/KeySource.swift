/// Bytes in, keys out, with the clock that a ``KeyDecoder`` leaves to others; confined to the loop.
final class KeySource {
  private let loop: EventLoop
  private let origin: LoopClock.Instant
  private let onKeys: ([KeyEvent]) -> Void
  private var decoder: KeyDecoder
  private var timer: ScheduledCall?

  init(
    on loop: EventLoop, escapeTimeout: Duration, onKeys: @escaping ([KeyEvent]) -> Void
  ) {
    self.loop = loop
    decoder = KeyDecoder(escapeTimeout: escapeTimeout)
    origin = loop.clock.now
    self.onKeys = onKeys
  }

  /// The time since this began.
  var now: Duration { origin.duration(to: loop.clock.now) }

  /// The moment that is so long after the beginning.
  func instant(at time: Duration) -> LoopClock.Instant { origin.advanced(by: time) }

  func feed(_ bytes: Span<UInt8>) { pass(decoder.feed(bytes, now: now)) }

  /// There will be no more bytes.
  func finish() {
    timer?.cancel()
    pass(decoder.finish())
  }

  private func pass(_ keys: [KeyEvent]) {
    timer?.cancel()
    timer = nil
    if let deadline = decoder.deadline {
      let me = LoopBound(self, on: loop)
      timer = loop.schedule(at: instant(at: deadline)) { me.value.timeOver() }
    }
    // Last, because it may lead anywhere.
    if !keys.isEmpty { onKeys(keys) }
  }

  private func timeOver() { pass(decoder.timeout(now: now)) }
}
