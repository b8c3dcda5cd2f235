import Fluvial

// Shown in "Several loops" and with `EventLoopGroup`.

func serveOnFourCores() async throws {
  let group = try EventLoopGroup(loops: 4)
  // An actor for each loop: a connection that calls its own stays on its thread.
  let scores = group.loops.map { Scores(on: $0) }
  let server = try await startServer(port: 9000, across: group) { reader, _ in
    let mine = scores[group.indexOfCurrentLoop ?? 0]
    while let name = try await reader.readLine() { await mine.add(name) }
  }
  try await server.serveForever()
  await group.shutdown()
}

func serveOnTwoCores(on port: Int) async throws {
  let server = try await startServer(host: "127.0.0.1", port: port, loops: 2) { reader, writer in
    for try await line in reader.lines { try await writer.writeLine(line) }
  }
  for try await _ in server.loop.signals(.interrupt, .terminate) { break }
  await server.shutdown(grace: .seconds(5))
}

/// What the connections of one loop share: it lives there, as they do.
actor Tally {
  private let loop: EventLoop
  private var lines = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }

  init(loop: EventLoop) { self.loop = loop }

  func count() { lines += 1 }

  var total: Int { lines }
}

func tally(on group: EventLoopGroup, while body: (Server) async throws -> Void) async throws -> Int
{
  let tallies = group.loops.map { Tally(loop: $0) }
  try await withServer(host: "127.0.0.1", port: 0, across: group) { reader, writer in
    // No hop: the tally of this connection's loop.
    let tally = tallies[group.indexOfCurrentLoop ?? 0]
    for try await line in reader.lines {
      await tally.count()
      try await writer.writeLine(line)
    }
  } _: { server in
    try await body(server)
  }
  var total = 0
  for tally in tallies { total += await tally.total }
  return total
}
