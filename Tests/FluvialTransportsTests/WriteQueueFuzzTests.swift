import FluvialTransports
import StreamTestSupport
import Testing

/// The write queue against byte counters: partial writes, refusals, cancels, marks, errors and closes as drawn.
@Suite struct WriteQueueFuzzTests {
  @Test(arguments: 0..<6)
  func `what was accepted comes out whole, in order, once`(batch: Int) throws {
    for round in 0..<30 {
      let seed = UInt64(batch * 1000 + round)
      try onLoop {
        guard let loop = EventLoop.current else { throw TestFailure("Not on a loop.") }
        try await FuzzedQueue(seed: seed, on: loop).run()
      }
    }
  }
}
