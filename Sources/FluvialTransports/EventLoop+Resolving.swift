extension EventLoop {
  /// The addresses of a host, without blocking the loop.
  ///
  /// asyncio's `getaddrinfo`. A number is answered at once. Throws ``UVError/invalidArgument`` for a port outside
  /// 0...65535, an empty name, a NUL or more than 253 bytes; else what the resolver reports. Cancellation ends the wait
  /// at once with `CancellationError`. Binds `uv_getaddrinfo`.
  public func resolve(host: String, port: Int) async throws -> [SocketAddress] {
    try Self.check(host: host, port: port)
    if let address = try? SocketAddress(number: host, port: port) { return [address] }
    return try await lookUp(host: host, port: port, passive: false)
  }

  /// Where to listen for these hosts, each address once; for none, all interfaces of both families.
  package func addresses(ofHosts hosts: [String], port: Int) async throws -> [SocketAddress] {
    var found: [SocketAddress] = []
    if hosts.isEmpty {
      try Self.check(host: "any", port: port)
      found = [
        try SocketAddress(number: "0.0.0.0", port: port),
        try SocketAddress(number: "::", port: port),
      ]
    }
    for host in hosts {
      for address in try await resolve(host: host, port: port) where !found.contains(address) {
        found.append(address)
      }
    }
    return found
  }

  /// Refuses what must not reach the resolver: libuv 1.44 cut long names and resolved the rest.
  static func check(host: String, port: Int) throws(UVError) {
    guard (0...65535).contains(port) else {
      throw UVError(code: UVError.invalidArgument.code, context: "port \(port)")
    }
    guard !host.isEmpty, !host.utf8.contains(0) else {
      throw UVError(code: UVError.invalidArgument.code, context: "host \(host.debugDescription)")
    }
    guard host.utf8.count <= 253 else {
      throw UVError(
        code: UVError.invalidArgument.code,
        context: "host name of \(host.utf8.count) bytes, limit 253")
    }
  }

  func lookUp(host: String?, port: Int, passive: Bool) async throws -> [SocketAddress] {
    let wait = OneShotWait<Lookup.Answer>()
    let ticket = LookupTicket()
    let answer = await withTaskCancellationHandler {
      execute {
        do {
          ticket.lookup = try Lookup(
            host: host, service: String(port), passive: passive, on: self,
            onAnswer: { wait.finish($0) })
        } catch { wait.finish(.failure(error as? UVError ?? .canceled)) }
      }
      return await wait.wait()
    } onCancel: {
      execute { ticket.lookup?.cancel() }
      wait.finish(.failure(.canceled))
    }
    if Task.isCancelled, case .failure = answer { throw CancellationError() }
    do { return try answer.get() } catch {
      throw UVError(code: error.code, context: "resolve \(host ?? "any"):\(port)")
    }
  }
}

/// Where the loop keeps the lookup for a cancellation to find.
///
/// Touched on the loop's thread only.
private final class LookupTicket: @unchecked Sendable {
  var lookup: Lookup?
}
