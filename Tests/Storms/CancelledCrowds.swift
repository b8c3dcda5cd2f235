import CheckRows
import Fluvial
import FluvialTransports
import StreamTestSupport

/// C6.
func cancelledCrowds(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let rounds = options.pick(quick: 3, full: 100)
  let (longest, left) = try EventLoop.run {
    // What is opened once, on first use, is not counted.
    _ = try await storm(rounds: 1)
    let before = Leftovers()
    let longest = try await storm(rounds: rounds)
    return (longest, try await Leftovers.settled(beyond: before))
  }
  return check.row(
    held: left == (0, 0) && longest < .seconds(1),
    figure: "\(rounds) times, at most \(longest / .milliseconds(1)) ms; " + leaves(left),
    threshold: "under 1,000 ms each, 0 left")
}

/// Crowds that come and are cancelled, one after the other, at one server; the longest that took.
private func storm(rounds: Int) async throws -> Duration {
  let roundsOver = Flag()
  var options = ServerOptions()
  options.onHandlerError = { _ in }
  return try await withServer(host: "127.0.0.1", port: 0, options: options, grace: .seconds(1)) {
    reader, writer in
    // Who asks for it is not read from any more, until its round is over.
    if try await reader.read(exactly: 1) == [UInt8(ascii: "d")] {
      let round = roundsOver.count
      try await writer.write("k")
      while roundsOver.count == round {
        try await reader.loop.clock.sleep(for: .milliseconds(20))
      }
    } else {
      _ = try await reader.read(upTo: 1)
    }
  } _: { server in
    let port = server.localAddresses.first?.port ?? 0
    var longest = Duration.zero
    for _ in 0..<rounds {
      longest = max(longest, try await Crowd(port: port).cancelledAtOnce())
      roundsOver.raise()
      try await eventually("the server is rid of them") { server.connectionCount == 0 }
    }
    return longest
  }
}

/// Connections that all wait: for bytes, and one in ten for room, for which the kernel must be filled first.
struct Crowd: Sendable {
  let port: Int
  private static let size = 1_000

  /// How long the cancellation took.
  func cancelledAtOnce() async throws -> Duration {
    let waiting = Flag()
    let clock = (EventLoop.current ?? .shared).clock
    return try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<Self.size {
        group.addTask { try await wait(number, waiting) }
      }
      try await eventually("all of them wait", within: .seconds(30)) {
        waiting.count == Self.size
      }
      let start = clock.now
      group.cancelAll()
      while let result = await group.nextResult() {
        guard case .failure(let error) = result, error is CancellationError else {
          throw CheckFailure("A connection ended otherwise: \(result).")
        }
      }
      return start.duration(to: clock.now)
    }
  }

  private func wait(_ number: Int, _ waiting: Flag) async throws {
    try await withConnection(host: "127.0.0.1", port: port) { reader, writer in
      guard number.isMultiple(of: 10) else {
        try await writer.write("r")
        waiting.raise()
        _ = try await reader.read(upTo: 1)
        return
      }
      try await writer.write("d")
      _ = try await reader.read(exactly: 1)
      let block = [UInt8](repeating: 1, count: 256 * 1024)
      while writer.bufferedCount == 0 { try await writer.write(block) }
      waiting.raise()
      while true { try await writer.write(block) }
    }
  }
}
