import CheckRows
import Fluvial
import StreamTestSupport

/// F4: partial writes, refusals, cancels, marks, errors and closes, against byte counters.
struct WriteQueueTarget: FuzzTarget {
  let id = "F4"
  let name = "the write queue, against byte counters"
  let corpus: [[UInt8]] = [[1], [2, 3], [0, 0, 0, 7]]

  func run(_ input: [UInt8], planted: Bool) async throws -> Int {
    // Its draws are not read from the input but from a number that the input makes.
    var seed: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in input { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01b3 }
    do {
      try await FuzzedQueue(seed: seed, on: EventLoop.current ?? .shared, sinkLosesBytes: planted)
        .run()
    } catch let error as TestFailure { throw CheckFailure("\(error)") }
    return Int(seed % 64)
  }
}
