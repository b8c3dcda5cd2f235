/// The figures of a run, held against what was asked.
struct Verdict {
  private var lines: [String] = []
  private var failures = 0

  init(_ result: Crowd.Result, limits: ChatLoad, exitStatus: Int32?) {
    let clients = result.digests
    guard let first = clients.first else {
      add(false, "nobody was there")
      return
    }
    add(
      nil, "\(limits.idle) idle, \(limits.talkers) talking, 1 that never reads, \(result.duration)")
    add(
      result.linesSent <= first.lines,
      "\(result.linesSent) lines sent, \(first.lines) read by each, \(first.bytes >> 10) KiB")
    let other = clients.first { $0.hash != first.hash || $0.lines != first.lines }
    add(
      other == nil && clients.count == limits.idle + limits.talkers + 1,
      other.map { "\($0.name) read other lines than \(first.name)" }
        ?? "the same sequence for all \(clients.count) who read")
    if limits.vanishing > 0 { add(result.vanished > 0, "\(result.vanished) came and vanished") }
    add(
      clients.allSatisfy { $0.errors == 0 }, "\(clients.reduce(0) { $0 + $1.errors }) refusals")
    addSlow(first, limits)
    addDelays(clients, limits)
    addMemory(result, limits)
    add(exitStatus == 0, "the server's exit status: \(exitStatus.map { "\($0)" } ?? "killed")")
  }

  private mutating func addSlow(_ first: Digest, _ limits: ChatLoad) {
    guard let bytes = first.bytesUntilSlowLeft else {
      add(false, "who never reads was kept")
      return
    }
    // What the two kernels hold comes on top of the queue.
    add(
      bytes >= limits.queue * 1_024 && bytes < limits.queue * 1_024 + 16 << 20,
      "who never reads was dropped when \(bytes >> 10) KiB had been said (queue \(limits.queue) KiB)"
    )
  }

  private mutating func addDelays(_ clients: [Digest], _ limits: ChatLoad) {
    let delays = clients.flatMap(\.delays).sorted()
    guard let longest = delays.last else {
      add(false, "no line came back")
      return
    }
    func at(_ part: Double) -> String {
      Self.milliseconds(delays[min(Int(Double(delays.count) * part), delays.count - 1)])
    }
    let median = delays[delays.count / 2]
    add(
      median <= Double(limits.delay) * 1_000,
      "a line comes back after \(at(0.5)) ms (half), \(at(0.99)) ms (99 %), "
        + "\(Self.milliseconds(longest)) ms (longest)")
  }

  private mutating func addMemory(_ result: Crowd.Result, _ limits: ChatLoad) {
    let held = result.samples.map(\.residentKiB)
    guard let start = held.first, let most = held.max(), let end = held.last,
      let from = result.samples.first, let to = result.samples.last
    else { return }
    // The first half is for caches to fill, the second must not grow.
    let firstHalf = held[..<(held.count / 2)].max() ?? start
    let secondHalf = held[(held.count / 2)...].max() ?? end
    add(
      secondHalf - firstHalf <= limits.growth,
      "memory \(start) KiB at the start, \(most) at most, \(end) at the end; "
        + "second half over first: \(secondHalf - firstHalf) KiB")
    let used = to.processorSeconds - from.processorSeconds
    let share = used / max(result.duration / .seconds(1), 0.001)
    add(nil, "processor \(Int(share * 100)) % of one core")
  }

  private mutating func add(_ isGood: Bool?, _ text: String) {
    if isGood == false { failures += 1 }
    lines.append(isGood.map { $0 ? "ok    " : "FAIL  " } ?? "      ")
    lines[lines.count - 1] += text
  }

  private static func milliseconds(_ microseconds: Double) -> String {
    let tenths = Int(microseconds / 100)
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// Prints it all, and returns how much was not as it should be.
  func print() -> Int {
    for line in lines { Swift.print(line) }
    return failures
  }
}
