import CheckRows
import Fluvial
import Glibc
import StreamTestSupport

/// L6.
func otherKinds(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let duration = options.pick(quick: Duration.seconds(1), full: .seconds(3), soak: .seconds(60))
  let pump = Pump(duration: duration, most: 1 << 20, seed: options.seed)
  let counts = try EventLoop.run {
    [
      "unix": try await overUnixSockets(pump), "pipes": try await overPipes(pump),
      "terminal": try await overTerminal(pump),
    ]
  }
  let shown = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
  return check.row(
    held: counts.values.allSatisfy { $0 > 20 },
    figure: "frames that came: " + shown.joined(separator: ", ")
      + ", every checksum right (seed \(options.seed))",
    threshold: "0 lost, more than 20 of each")
}

private func overUnixSockets(_ pump: Pump) async throws -> Int {
  let path = "/tmp/fluvial-load-\(getpid()).sock"
  let (here, there) = try await Peer.beside("pump-unix", pump, [path]) { _ in
    try await withThrowingTaskGroup(of: Pump.Count.self) { group in
      for _ in 0..<10 {
        group.addTask {
          try await withConnection(unixPath: path) { try await pump.run($0, $1) }
        }
      }
      return try await group.reduce(Pump.Count(), +)
    }
  }
  guard there.failures == 0, here.sent == there.count.received else {
    throw CheckFailure("Over unix sockets: \(there.firstFailure).")
  }
  return here.received + there.count.received
}

private func overPipes(_ pump: Pump) async throws -> Int {
  try await withProcess(
    "/proc/self/exe", Peer.arguments("pump-pipes", pump), input: .pipe, output: .pipe
  ) { process in
    guard let reader = process.standardOutput, let writer = process.standardInput else {
      throw CheckFailure("The child has no pipes.")
    }
    let count = try await pump.run(reader, writer)
    writer.close()
    guard try await process.wait().isSuccess else {
      throw CheckFailure("The child found something wrong with what it was sent.")
    }
    return count.received + count.sent
  }
}

/// Both ends here: a terminal's line is a few kilobytes long.
private func overTerminal(_ pump: Pump) async throws -> Int {
  let pump = Pump(duration: pump.duration, most: 4_096, seed: pump.seed)
  let ends = try await terminalStreams()
  let count = try await withThrowingTaskGroup(of: Pump.Count.self) { group in
    for end in [ends.controller, ends.program] {
      group.addTask { try await pump.run(end.reader, end.writer) }
    }
    return try await group.reduce(Pump.Count(), +)
  }
  for end in [ends.controller, ends.program] {
    end.writer.abort()
    _ = await end.writer.waitClosed()
  }
  guard count.sent == count.received else {
    throw CheckFailure("Over a terminal \(count.sent) frames were sent, \(count.received) came.")
  }
  return count.received
}
