import Fluvial
import TestSupport

/// Serves on loopback while `body` runs, which gets the port and may block: the connections live on the shared loop.
func withLoopbackServer<Result>(
  handler: @escaping Server.Handler, _ body: (Int) throws -> Result
) throws -> Result {
  let server = try EventLoop.run {
    try await startServer(host: "127.0.0.1", port: 0, on: .shared, handler: handler)
  }
  defer { _ = try? EventLoop.run { await server.shutdown(grace: .seconds(5)) } }
  return try body(server.localAddresses[0].port)
}

/// A port that refuses connections, and that nobody else can take meanwhile, while `body` runs.
func withRefusingPort<Result>(_ body: (Int) throws -> Result) throws -> Result {
  let server = try EventLoop.run {
    try await startServer(host: "127.0.0.1", port: 0, startServing: false, on: .shared) { _, _ in }
  }
  defer { server.close() }
  return try body(server.localAddresses[0].port)
}
