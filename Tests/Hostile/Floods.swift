import CheckRows
import Fluvial
import StreamTestSupport

/// S4.
func floodAtSleeper(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let size = options.pick(quick: 128, full: 1_024)
  let growth = try Attack.run { try await $0.floodSleeper(mebibytes: size) }.result
  return check.row(
    held: growth < 2 * 64 + 2_048, figure: "\(size) MiB: \(growth) KiB more",
    threshold: "under 2,176 KiB")
}

/// S5.
func endlessLine(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let size = options.pick(quick: 128, full: 1_024)
  let growth = try Attack.run { try await $0.sendEndlessLine(mebibytes: size) }.result
  return check.row(
    held: growth < 1_024,
    figure: "\(size) MiB: refused once, the next line read, \(growth) KiB more",
    threshold: "under 1,024 KiB")
}

/// S7.
func resetFlood(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let count = options.pick(quick: 5_000, full: 50_000)
  let (left, aftermath) = try Attack.run { try await $0.connectAndReset(count) }
  return check.row(
    held: left == 0 && aftermath.contexts == 0 && aftermath.thrown == "nothing",
    figure: "\(count) resets: \(left) descriptors and \(aftermath.contexts) contexts left, serving "
      + "threw \(aftermath.thrown)",
    threshold: "0 left, nothing thrown")
}

extension Attack {
  /// What a flood cost at a task that sleeps, then reads by fits and starts, in KiB.
  func floodSleeper(mebibytes: Int) async throws -> Int {
    let warm = try connect("drowse 0")
    try await warm.sendAll([UInt8](repeating: 120, count: 4 << 20))
    warm.endSending()
    _ = try await warm.receiveToEnd()
    return try await growthKiB {
      let peer = try connect("drowse 1000")
      try await send(mebibytes, to: peer)
      peer.endSending()
      let told = String(decoding: try await peer.receiveToEnd(), as: UTF8.self)
      guard told == "\(mebibytes << 20)\n" else { throw CheckFailure("It read \(told).") }
    }
  }

  /// What a line that long cost, in KiB.
  func sendEndlessLine(mebibytes: Int) async throws -> Int {
    let warm = try connect("lines")
    try await warm.sendAll([UInt8](repeating: 120, count: 4 << 20))
    warm.reset()
    return try await growthKiB {
      let peer = try connect("lines")
      try await send(mebibytes, to: peer)
      try await peer.sendAll(bytes("\nhello\n"))
      peer.endSending()
      let told = String(decoding: try await peer.receiveToEnd(), as: UTF8.self)
      guard told == "too long\nline hello\n" else { throw CheckFailure("It answered \(told).") }
    }
  }

  private func send(_ mebibytes: Int, to peer: RawSocket) async throws {
    let block = [UInt8](repeating: 120, count: 1 << 20)
    for _ in 0..<mebibytes { try await peer.sendAll(block) }
  }

  /// How many descriptors were left when so many had come and gone.
  func connectAndReset(_ count: Int) async throws -> Int {
    let before = try descriptors()
    let port = ports.streams
    try await Task.detached {
      for _ in 0..<count { try RawSocket.connect(port: port).reset() }
    }.value
    let end = clock.now.advanced(by: .seconds(10))
    var left = 0
    repeat {
      left = try descriptors() - before
      try await clock.sleep(for: .milliseconds(5))
    } while left != 0 && clock.now < end
    return left
  }
}
