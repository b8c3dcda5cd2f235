import CheckRows
import Fluvial
import Glibc
import StreamTestSupport

/// M3.
func cycledWatchers(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let timers = options.pick(quick: 2_000, full: 10_000)
  let signals = options.pick(quick: 100, full: 1_000)
  let terminals = options.pick(quick: 20, full: 200)
  let (before, after) = try EventLoop.run {
    try await use(timers: 100, signals: 5, terminals: 2)
    let before = try Held()
    try await use(timers: timers, signals: signals, terminals: terminals)
    var after = try Held()
    for _ in 0..<200 where after != before {
      try await EventLoop.current?.clock.sleep(for: .milliseconds(5))
      after = try Held()
    }
    return (before, after)
  }
  return check.row(
    held: before == after,
    figure: "\(timers) timers, \(signals) signals, \(terminals) terminals; \(before) before, "
      + "\(after) after",
    threshold: "equal")
}

private func use(timers: Int, signals: Int, terminals: Int) async throws {
  let loop = EventLoop.current ?? .shared
  for number in 0..<timers {
    if number.isMultiple(of: 2) {
      loop.schedule(after: .seconds(60)) {}.cancel()
    } else {
      let sleeper = start { try await loop.clock.sleep(for: .seconds(60)) }
      if number.isMultiple(of: 3) { await turns(2) }
      sleeper.cancel()
      _ = await sleeper.result
    }
  }
  for _ in 0..<signals {
    let seen = loop.signals(.user1)
    kill(getpid(), SIGUSR1)
    guard try await seen.next() == .user1 else { throw CheckFailure("Another signal came.") }
  }
  for _ in 0..<terminals {
    let ends = try await terminalStreams()
    try await ends.controller.writer.write("to the program")
    _ = try await ends.program.reader.read(exactly: 14)
    for writer in [ends.controller.writer, ends.program.writer] {
      writer.abort()
      _ = await writer.waitClosed()
    }
  }
}
