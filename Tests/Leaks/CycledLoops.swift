import CheckRows
import Fluvial

/// M2: a loop that could not be closed whole would keep its descriptors and its context.
func cycledLoops(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let count = options.pick(quick: 200, full: 1_000)
  for _ in 0..<20 { try useOneLoop() }
  try useLoopsOnThreads(20)
  let before = try Held()
  for _ in 0..<count / 2 { try useOneLoop() }
  try useLoopsOnThreads(count / 2)
  var after = try Held()
  // The last thread may still be on its way out of the system.
  for _ in 0..<200 where after != before {
    try EventLoop.run { try await EventLoop.current?.clock.sleep(for: .milliseconds(5)) }
    after = try Held()
  }
  return check.row(
    held: before == after, figure: "\(count) loops; \(before) before, \(after) after",
    threshold: "equal")
}

private func useOneLoop() throws {
  try EventLoop.run { try await leaveThingsOpen() }
}

private func useLoopsOnThreads(_ count: Int) throws {
  try EventLoop.run {
    for _ in 0..<count { try await EventLoop.run { try await leaveThingsOpen() } }
  }
}

/// What a program leaves behind when it ends in the middle of something: the loop's end must clear it.
private func leaveThingsOpen() async throws {
  let loop = EventLoop.current ?? .shared
  loop.schedule(after: .seconds(60)) {}
  let server = try await startServer(host: "127.0.0.1", port: 0) { reader, _ in
    _ = try await reader.readToEnd()
  }
  let (reader, writer) = try await openConnection(
    host: "127.0.0.1", port: server.localAddresses.first?.port ?? 0)
  try await writer.write("left in the middle")
  withExtendedLifetime((reader, writer, server)) {}
}
