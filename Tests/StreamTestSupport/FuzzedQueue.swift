internal import FluvialPrimitives
package import FluvialTransports

/// One queue with its sink, and what it should do; the loop's thread only.
package final class FuzzedQueue {
  private let seed: UInt64
  private var random: SeededGenerator
  private let sink: CountingSink
  private let queue: WriteQueue
  /// The numbers of the messages that were accepted at once.
  private var accepted: [Int] = []
  private var number = 0

  package init(seed: UInt64, on loop: EventLoop, sinkLosesBytes: Bool = false) throws {
    self.seed = seed
    random = SeededGenerator(seed: seed)
    queue = WriteQueue(core: loop.core)
    sink = CountingSink(queue, seed: seed, losesBytes: sinkLosesBytes)
    queue.attach(sink)
    let high = Int.random(in: 0...200_000, using: &random)
    queue.limits = try WriteBufferLimits(low: Int.random(in: 0...high, using: &random), high: high)
  }

  /// Does what the seed says; throws what was not as it should be.
  package func run() async throws {
    var waits: [(number: Int, task: Task<WriteQueue.WaitEnd, any Error>)] = []
    for _ in 0..<100 {
      number += 1
      let bytes = Self.message(number, size: Int.random(in: 0...40_000, using: &random))
      switch Int.random(in: 0..<8, using: &random) {
      case 0, 1:
        let wasOpen = !queue.isPaused && queue.waitingCount == 0
        let refusal = queue.tryAccept(bytes)
        try expect((refusal == nil) == wasOpen, "open or not, and \(refusal as Any)")
        if refusal == nil { accepted.append(number) }
      case 2:
        if queue.tryAccept(bytes.span) == nil { accepted.append(number) }
      case 3:
        let queue = queue
        waits.append((number, start { await queue.waitForRoom(bytes) }))
        await turns(1)
      case 4: waits.randomElement(using: &random)?.task.cancel()
      case 5: sink.finish()
      case 6: queue.limits = queue.limits
      default: await turns(1)
      }
      try expect(queue.waitingCount == 0 || queue.isPaused, "somebody waits for room that is there")
    }
    try await end(waits)
  }

  private func expect(_ holds: Bool, _ what: String) throws {
    if !holds { throw TestFailure("Seed \(seed): \(what).") }
  }

  private func end(
    _ waits: [(number: Int, task: Task<WriteQueue.WaitEnd, any Error>)]
  ) async throws {
    let breaks = Bool.random(using: &random)
    if breaks {
      queue.close(.connectionReset)
    } else {
      sink.isWilling = true
      try await eventually("everything is written, seed \(seed)") {
        sink.finish()
        return queue.count == 0 && queue.waitingCount == 0
      }
    }
    var waited: [Int] = []
    for wait in waits {
      switch try await wait.task.value {
      case .done: waited.append(wait.number)
      case .cancelled: break
      case .closed: try expect(false, "a wait ended closed")
      case .broken: try expect(breaks, "a wait ended broken")
      }
    }
    let written = try Self.numbers(in: sink.written, mayBeCut: breaks)
    let atOnce = Set(accepted)
    // Each kind in its own order; what broke off may be missing, and nothing else may be there.
    let kinds = [
      (written.filter(atOnce.contains), accepted),
      (written.filter { !atOnce.contains($0) }, waited),
    ]
    for (got, expected) in kinds {
      try expect(got == Array(expected.prefix(got.count)), "the order is another one")
      try expect(breaks || got.count == expected.count, "something is missing")
    }
    queue.close(nil)
    try expect(
      queue.tryAccept([1]) == (breaks ? .broken(.connectionReset) : .closed),
      "it is not refused after the end")
  }

  /// A message that tells its number and its size.
  private static func message(_ number: Int, size: Int) -> [UInt8] {
    [UInt8(number), UInt8(size >> 16), UInt8(size >> 8 & 255), UInt8(size & 255)]
      + pattern(size, from: number)
  }

  /// The messages in what was written, each of them whole.
  private static func numbers(in bytes: [UInt8], mayBeCut: Bool) throws -> [Int] {
    var numbers: [Int] = []
    var place = 0
    while place + 4 <= bytes.count {
      let head = bytes[place..<place + 4].map { Int($0) }
      let size = head[1] << 16 | head[2] << 8 | head[3]
      place += 4
      let body = Array(bytes[place..<min(place + size, bytes.count)])
      guard body == Array(pattern(size, from: head[0]).prefix(body.count)) else {
        throw TestFailure("Message \(head[0]) is torn.")
      }
      if body.count == size { numbers.append(head[0]) }
      place += size
    }
    if !mayBeCut, place != bytes.count { throw TestFailure("The last message is cut.") }
    return numbers
  }
}

/// Takes what a seed says; the loop's thread only.
private final class CountingSink: WriteSink {
  /// Gone when a failure ended the sequence before its end.
  private weak var queue: WriteQueue?
  private var random: SeededGenerator
  private var inFlight: [UInt8] = []
  private(set) var written: [UInt8] = []
  var isWilling = false
  /// A planted defect, for the fuzzer to find: now and then a byte that was taken is not written.
  private let losesBytes: Bool

  init(_ queue: WriteQueue, seed: UInt64, losesBytes: Bool) {
    self.queue = queue
    self.losesBytes = losesBytes
    random = SeededGenerator(seed: seed &+ 99)
  }

  func flushWrites() { _ = queue?.drainIntoSink() }

  func tryWrite(
    _ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>?
  ) -> Int {
    let all = unsafe Array(first) + (second.map { unsafe Array($0) } ?? [])
    guard isWilling || Bool.random(using: &random) else { return Int(UVError.tryAgain.code) }
    let count = isWilling ? all.count : Int.random(in: 1...max(all.count, 1), using: &random)
    written += all.prefix(losesBytes && count % 11 == 10 ? count - 1 : count)
    return min(count, all.count)
  }

  func startWrite(_ bytes: UnsafeBufferPointer<UInt8>) -> Int32 {
    inFlight = unsafe Array(bytes)
    return 0
  }

  /// What was in flight is with the kernel.
  func finish() {
    guard !inFlight.isEmpty else { return }
    written += inFlight
    inFlight = []
    _ = queue?.endWrite(status: 0)
  }
}
