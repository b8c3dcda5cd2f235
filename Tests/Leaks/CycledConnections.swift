import CheckRows
import Fluvial

/// M1.
func cycledConnections(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let count = options.pick(quick: 10_000, full: 100_000)
  let warmUp = count / 10
  let (before, after, growth) = try EventLoop.run {
    try await withServer(host: "127.0.0.1", port: 0) { reader, writer in
      while let some = try await reader.read(upTo: 4_096) { try await writer.write(some) }
    } _: { server in
      let port = server.localAddresses.first?.port ?? 0
      for _ in 0..<warmUp { try await echo(port: port) }
      try await idle(server)
      let before = try Held()
      let memory = try ProcessFigures.settledKiB()
      for _ in warmUp..<count { try await echo(port: port) }
      try await idle(server)
      return (before, try Held(), try ProcessFigures.settledKiB() - memory)
    }
  }
  return check.row(
    held: before == after && growth < 1_024,
    figure: "\(count) cycles; \(before) before, \(after) after; \(growth) KiB more after the first "
      + "\(warmUp)",
    threshold: "equal; under 1,024 KiB")
}

private func echo(port: Int) async throws {
  try await withConnection(host: "127.0.0.1", port: port) { reader, writer in
    try await writer.write([UInt8](repeating: 7, count: 64))
    guard try await reader.read(exactly: 64).allSatisfy({ $0 == 7 }) else {
      throw CheckFailure("The echo is another one.")
    }
  }
}

/// Waits until the server has no connection any more.
private func idle(_ server: Server) async throws {
  while server.connectionCount > 0 { try await server.loop.clock.sleep(for: .milliseconds(1)) }
}
