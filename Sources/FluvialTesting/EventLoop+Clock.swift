public import Fluvial
internal import FluvialTransports

extension EventLoop {
  /// Moves the loop's clock forward by `time`, so that what waits for it need not be waited for.
  ///
  /// Sleeps on the loop's clock, scheduled calls, time limits, linger and grace times that have become due end in the next
  /// turn. Other loops keep their time. On the loop's thread only.
  public func advanceClock(by time: Duration) { moveClock(by: time) }
}
