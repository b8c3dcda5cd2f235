public import FluvialTransports

/// How a server accepts and what it allows.
public struct ServerOptions: Sendable {
  /// What each connection's reader may hold, in bytes; 64 KiB.
  public var limit = StreamReaderProtocol.defaultLimit
  /// How many connections there may be at a time; the rest waits in the backlog.
  ///
  /// nil: no limit.
  public var maxConnections: Int?
  /// Backlog, port sharing, and a unix socket's file.
  public var listen = ListenOptions()
  /// Is told of each handler that threw; nil: the log is.
  public var onHandlerError: Server.ErrorHandler?

  /// The defaults.
  public init() {}
}

/// Listens on a host's addresses and runs `handler` for each connection.
///
/// asyncio's `start_server`. Without a host it listens on all interfaces, both families, with one port. Port 0 is any free
/// port; ``Server/localAddresses`` tells. The handler runs as a child task on the loop: when it returns, what it wrote is
/// delivered and the connection closed; when it throws, that connection is aborted and the error reported. With
/// `startServing: false` connections are refused until ``Server/startServing()``; at a unix socket's path they wait.
///
/// Throws ``StreamError/Code/addressInUse`` and ``StreamError/Code/listenFailed``, naming the address,
/// ``StreamError/Code/invalidArgument``, and `CancellationError` when cancelled while the resolver is asked for `host`; then
/// nothing is left bound.
public func startServer(
  host: String? = nil, port: Int, options: ServerOptions = ServerOptions(),
  startServing: Bool = true, on loop: EventLoop? = nil,
  handler: @escaping Server.Handler
) async throws -> Server {
  try await startServer(
    hosts: host.map { [$0] } ?? [], port: port, options: options, startServing: startServing,
    on: loop, handler: handler)
}

/// Listens on the addresses of several hosts, each distinct one once.
///
/// Throws, and may be cancelled, as ``startServer(host:port:options:startServing:on:handler:)``.
public func startServer(
  hosts: [String], port: Int, options: ServerOptions = ServerOptions(),
  startServing: Bool = true, on loop: EventLoop? = nil,
  handler: @escaping Server.Handler
) async throws -> Server {
  let loop = try chosenLoop(loop, orThrow: .listenFailed)
  return try await start(.loop(loop), options, startServing, handler) {
    try await loop.addresses(ofHosts: hosts, port: port)
  }
}

/// Listens on a unix socket and runs `handler` for each connection.
///
/// asyncio's `start_unix_server`. A stale socket file is replaced; a live one's path, and anything else that stands there,
/// is refused with ``StreamError/Code/addressInUse``. A leading NUL makes an abstract name. Waits for the loop's turn only,
/// which cancellation does not shorten. As ``startServer(host:port:options:startServing:on:handler:)``.
public func startServer(
  unixPath path: String, options: ServerOptions = ServerOptions(), startServing: Bool = true,
  on loop: EventLoop? = nil, handler: @escaping Server.Handler
) async throws -> Server {
  let loop = try chosenLoop(loop, orThrow: .listenFailed)
  return try await start(.loop(loop), options, startServing, handler) {
    [try SocketAddress(unixPath: path)]
  }
}

func start(
  _ place: ServerPlace, _ options: ServerOptions, _ startServing: Bool,
  _ handler: @escaping Server.Handler, _ addresses: () async throws -> [SocketAddress]
) async throws -> Server {
  guard options.limit > 0 else {
    throw StreamError.invalid("The limit must be positive, not \(options.limit).")
  }
  guard options.maxConnections ?? 1 > 0 else {
    throw StreamError.invalid("maxConnections must be positive.")
  }
  do {
    let addresses = try await addresses()
    let server = Server(on: place, options: options, handler: handler)
    do {
      try await server.loop.withFolder(of: addresses) { try await server.bind(addresses) }
      if startServing { try await server.startServing() }
      return server
    } catch {
      await server.letGo()
      throw error
    }
  } catch { throw StreamError.wrapping(error, as: .listenFailed) }
}

/// A server for the time of `body`; then it is shut down, with `grace` for the handlers.
///
/// Throws what ``startServer(host:port:options:startServing:on:handler:)`` does, ``StreamError/Code/invalidArgument`` for a
/// negative grace time, and what `body` does. Cancelled, `body` is, and the server is shut down all the same, as
/// ``Server/shutdown(grace:)`` does it.
public func withServer<Result>(
  host: String? = nil, port: Int, options: ServerOptions = ServerOptions(),
  grace: Duration = .seconds(5), on loop: EventLoop? = nil, handler: @escaping Server.Handler,
  _ body: (Server) async throws -> Result
) async throws -> Result {
  try check(grace: grace)
  let server = try await startServer(
    host: host, port: port, options: options, on: loop, handler: handler)
  return try await shuttingDown(server, grace, body)
}

/// A server on a unix socket for the time of `body`.
///
/// Throws, and may be cancelled, as ``withServer(host:port:options:grace:on:handler:_:)``.
public func withServer<Result>(
  unixPath path: String, options: ServerOptions = ServerOptions(), grace: Duration = .seconds(5),
  on loop: EventLoop? = nil, handler: @escaping Server.Handler,
  _ body: (Server) async throws -> Result
) async throws -> Result {
  try check(grace: grace)
  let server = try await startServer(unixPath: path, options: options, on: loop, handler: handler)
  return try await shuttingDown(server, grace, body)
}

func shuttingDown<Result>(
  _ server: Server, _ grace: Duration, _ body: (Server) async throws -> Result
) async throws -> Result {
  do {
    let result = try await body(server)
    await server.shutdown(grace: grace)
    return result
  } catch {
    await server.shutdown(grace: grace)
    throw error
  }
}

/// Refuses a time to wait that is none.
func check(grace: Duration) throws(StreamError) {
  guard grace >= .zero else {
    throw .invalid("A grace time must not be negative, and this is \(grace).")
  }
}
