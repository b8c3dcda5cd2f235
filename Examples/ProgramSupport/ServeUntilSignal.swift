public import Fluvial

extension Server {
  /// Says on standard output where the server listens, and serves until ctrl-c or SIGTERM.
  ///
  /// Then those who are connected have `grace` to finish. A second signal has its usual effect: nobody watches any more.
  public func serveUntilSignal(grace: Duration = .seconds(2)) async throws {
    // Watched before anybody is told that the server is there.
    let signals = loop.signals(.interrupt, .terminate)
    // Nobody may be reading this; the server serves all the same.
    if let output = try? await standardOutput() {
      for address in localAddresses {
        let place = address.family == .unix ? "\(address)" : "\(address.host) port \(address.port)"
        try? await output.write("listening on \(place)\n")
      }
    }
    for try await _ in signals { break }
    await shutdown(grace: grace)
  }
}
