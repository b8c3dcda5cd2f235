import ChatServing
import ChatWire
import Fluvial

/// One run of the server, from the first line it prints to its exit status.
struct Service {
  let options: CommandLineOptions
  let limits: ChatLimits

  func run() async -> Int32 {
    let loop = EventLoop.current ?? .shared
    // Watched before anybody is told that the server is there.
    let signals = loop.signals(.terminate, .interrupt)
    let log = await ServerLog()
    let server: ChatServer
    do {
      server = try await ChatServer.start(
        host: options.listeningHost, port: options.listeningPort, unixPath: options.unix,
        limits: limits, on: loop, log: { log.write($0) })
    } catch {
      log.complain("\(error)")
      await log.flush()
      return Complaint.status(for: error)
    }
    await announce(server, log)
    if let signal = try? await signals.next() {
      log.write("\(signal): shutting down")
    }
    await end(server, signals)
    log.write("ended")
    await log.flush()
    return 0
  }

  /// Prints where the server listens, and warns when that is not this machine alone.
  private func announce(_ server: ChatServer, _ log: ServerLog) async {
    for address in server.localAddresses where !address.isLoopback {
      log.write(
        "warning: \(address) can be reached from other machines, and nothing is encrypted: "
          + "everybody on the way can read everything, private messages too")
    }
    let lines = server.localAddresses.map { address in
      address.family == .unix
        ? "listening on unix socket \(address)\n"
        : "listening on \(address.host) port \(address.port)\n"
    }
    // Nobody may be there to read it; the server serves all the same.
    guard let output = try? await standardOutput() else { return }
    try? await output.write(lines.joined())
    _ = try? await withTimeout(.seconds(1)) { try await output.flush() }
  }

  /// Shuts down, in peace or, after another signal, at once.
  private func end(_ server: ChatServer, _ signals: EventLoop.Signals) async {
    await withTaskGroup { group in
      group.addTask { await server.shutdown() }
      group.addTask {
        guard (try? await signals.next()) != nil else { return }
        server.abort()
      }
      await group.next()
      group.cancelAll()
    }
  }
}

extension SocketAddress {
  /// Whether only this machine reaches it.
  fileprivate var isLoopback: Bool {
    switch family {
    case .v4: host.hasPrefix("127.")
    case .v6: host == "::1" || host.hasPrefix("::ffff:127.")
    case .unix: true
    }
  }
}
