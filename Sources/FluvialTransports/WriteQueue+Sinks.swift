internal import FluvialPrimitives

/// What a sink in another target needs of its queue; the loop's thread.
extension WriteQueue {
  /// What a step on the queue asks its sink to do, once the waiters have been resumed.
  package struct Outcome {
    /// The connection is broken by this libuv error, or 0.
    package let error: Int32
    /// Nothing is left to send.
    package let isDrained: Bool
    /// The protocol must be told to pause or to go on.
    package let pause: Bool?

    fileprivate init(_ effects: Effects) {
      effects.resumeWaiters()
      error = effects.error
      isDrained = effects.isDrained
      pause = effects.pause
    }
  }

  /// Offers everything that waits to the sink.
  package func drainIntoSink() -> Outcome {
    guard let sink = state.withLock(\.sink) else { return Outcome(Effects()) }
    return Outcome(drain(into: sink))
  }

  /// Tells that what `startWrite` took is written, or could not be.
  package func endWrite(status: Int32) -> Outcome { Outcome(finishedInFlight(status: status)) }

  /// Accepts the bytes whether there is room or not, up to the hard limit.
  package func acceptSynchronously(
    _ bytes: Span<UInt8>
  ) -> (refusal: Refusal?, pause: Bool?) {
    acceptAlways(bytes)
  }
}
