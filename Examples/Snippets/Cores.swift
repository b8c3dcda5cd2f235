import Fluvial

// Shown in "Where your task runs" and with `EventLoopGroup`.

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
