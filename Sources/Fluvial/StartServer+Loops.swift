public import FluvialTransports

/// Where a server runs: a loop, or several.
struct ServerPlace {
  /// The first, or only, loop.
  let loop: EventLoop
  let group: EventLoopGroup?
  /// The group was made for the server.
  let endsWithServer: Bool

  static func loop(_ loop: EventLoop) -> ServerPlace {
    ServerPlace(loop: loop, group: nil, endsWithServer: false)
  }

  static func group(_ group: EventLoopGroup) -> ServerPlace {
    ServerPlace(loop: group.loops[0], group: group, endsWithServer: false)
  }

  /// The current or shared loop, and so many more that end with the server.
  static func loops(_ count: Int) throws -> ServerPlace {
    guard count > 0 else { throw StreamError.invalid("A server needs a loop, not \(count).") }
    let first = try chosenLoop(nil, orThrow: .listenFailed)
    guard count > 1 else { return .loop(first) }
    do {
      let group = try EventLoopGroup(starting: count - 1, beside: first)
      return ServerPlace(loop: first, group: group, endsWithServer: true)
    } catch { throw StreamError.wrapping(error, as: .listenFailed) }
  }
}

/// Listens on a host's addresses with a socket on each loop of a group, and runs `handler` for each connection.
///
/// As ``startServer(host:port:options:startServing:on:handler:)``, on several cores. A connection stays on one loop, and
/// its handler runs there; ``/FluvialTransports/EventLoopGroup/indexOfCurrentLoop`` tells which. The kernel shares connections out; a loop
/// that has more than an eighth above the one with fewest gives what it accepts to that one. `maxConnections` counts
/// those of all loops. An address where somebody else listens is refused, as on one loop. The server ends with the first
/// loop of the group that ends.
public func startServer(
  host: String? = nil, port: Int, options: ServerOptions = ServerOptions(),
  startServing: Bool = true, across group: EventLoopGroup, handler: @escaping Server.Handler
) async throws -> Server {
  try await startServer(
    hosts: host.map { [$0] } ?? [], port: port, options: options, startServing: startServing,
    across: group, handler: handler)
}

/// Listens on the addresses of several hosts, each distinct one once, on each loop of a group.
///
/// As ``startServer(host:port:options:startServing:across:handler:)``.
public func startServer(
  hosts: [String], port: Int, options: ServerOptions = ServerOptions(),
  startServing: Bool = true, across group: EventLoopGroup, handler: @escaping Server.Handler
) async throws -> Server {
  try await start(.group(group), options, startServing, handler) {
    try await group.loops[0].addresses(ofHosts: hosts, port: port)
  }
}

/// Listens on a unix socket for all loops of a group, and runs `handler` for each connection.
///
/// A unix socket cannot be bound twice: the group's first loop accepts and shares out. As
/// ``startServer(host:port:options:startServing:across:handler:)``.
public func startServer(
  unixPath path: String, options: ServerOptions = ServerOptions(), startServing: Bool = true,
  across group: EventLoopGroup, handler: @escaping Server.Handler
) async throws -> Server {
  try await start(.group(group), options, startServing, handler) {
    [try SocketAddress(unixPath: path)]
  }
}

/// Listens on a host's addresses with so many loops, and runs `handler` for each connection.
///
/// The current loop, or the shared one, is the first; the others run on threads of their own, and end with the server. As
/// ``startServer(host:port:options:startServing:across:handler:)``.
public func startServer(
  host: String? = nil, port: Int, loops: Int, options: ServerOptions = ServerOptions(),
  startServing: Bool = true, handler: @escaping Server.Handler
) async throws -> Server {
  let place = try ServerPlace.loops(loops)
  return try await start(place, options, startServing, handler) {
    try await place.loop.addresses(ofHosts: host.map { [$0] } ?? [], port: port)
  }
}

/// Listens on a unix socket with so many loops, and runs `handler` for each connection.
///
/// As ``startServer(host:port:loops:options:startServing:handler:)``.
public func startServer(
  unixPath path: String, loops: Int, options: ServerOptions = ServerOptions(),
  startServing: Bool = true, handler: @escaping Server.Handler
) async throws -> Server {
  try await start(try .loops(loops), options, startServing, handler) {
    [try SocketAddress(unixPath: path)]
  }
}

/// A server on the loops of a group for the time of `body`; then it is shut down, with `grace` for the handlers.
///
/// As ``startServer(host:port:options:startServing:across:handler:)`` and ``Server/shutdown(grace:)``.
public func withServer<Result>(
  host: String? = nil, port: Int, options: ServerOptions = ServerOptions(),
  grace: Duration = .seconds(5), across group: EventLoopGroup, handler: @escaping Server.Handler,
  _ body: (Server) async throws -> Result
) async throws -> Result {
  try check(grace: grace)
  let server = try await startServer(
    host: host, port: port, options: options, across: group, handler: handler)
  return try await shuttingDown(server, grace, body)
}

/// A server on a unix socket, on the loops of a group, for the time of `body`.
///
/// As ``withServer(host:port:options:grace:across:handler:_:)``.
public func withServer<Result>(
  unixPath path: String, options: ServerOptions = ServerOptions(), grace: Duration = .seconds(5),
  across group: EventLoopGroup, handler: @escaping Server.Handler,
  _ body: (Server) async throws -> Result
) async throws -> Result {
  try check(grace: grace)
  let server = try await startServer(
    unixPath: path, options: options, across: group, handler: handler)
  return try await shuttingDown(server, grace, body)
}
