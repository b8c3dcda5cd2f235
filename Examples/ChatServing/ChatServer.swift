public import ChatWire
public import Fluvial

/// A chat server, for a program of its own or inside another one.
///
/// One task reads each connection, one actor on the loop owns the room, and each connection's
/// writer is its bounded outgoing queue. May be used from any task.
///
/// ```swift
/// server = try await ChatServer.start(
///   host: options.listeningHost, port: options.listeningPort, unixPath: options.unix,
///   limits: limits, on: loop, log: { log.write($0) })
/// ```
public final class ChatServer: Sendable {
  /// The loop that the server runs on.
  public var loop: EventLoop { keeper.loop }

  private let keeper: RoomKeeper
  private let servers: [Server]

  private init(keeper: RoomKeeper, servers: [Server]) {
    self.keeper = keeper
    self.servers = servers
  }

  /// Starts a server that listens on a host's addresses, at a unix socket's path, or both.
  ///
  /// Port 0 is any free port; ``localAddresses`` tells. Without a host it listens at the path only.
  /// `log` gets a line for everything that happens, on the loop; whatever clients sent is cleaned
  /// in it. Throws what `startServer` of the library does.
  public static func start(
    host: String? = "127.0.0.1", port: Int = 8_000, unixPath: String? = nil,
    limits: ChatLimits = ChatLimits(), on loop: EventLoop? = nil,
    log: (@Sendable (String) -> Void)? = nil
  ) async throws -> ChatServer {
    let loop = loop ?? .current ?? .shared
    let keeper = RoomKeeper(loop: loop, limits: limits, log: log)
    var options = ServerOptions()
    // Room for a few lines: what a flood sends beyond stays with its sender.
    options.limit = max(4_096, 2 * limits.maxLine)
    let handler: Server.Handler = { await ChatConnection.serve($0, $1, in: keeper) }
    var servers: [Server] = []
    do {
      if let host {
        servers.append(
          try await startServer(
            host: host, port: port, options: options, on: loop, handler: handler))
      }
      if let unixPath {
        servers.append(
          try await startServer(unixPath: unixPath, options: options, on: loop, handler: handler))
      }
    } catch {
      for server in servers { await server.shutdown(grace: .zero) }
      throw error
    }
    return ChatServer(keeper: keeper, servers: servers)
  }

  /// Where the server listens, with the ports that the system chose.
  public var localAddresses: [SocketAddress] { servers.flatMap(\.localAddresses) }

  /// The first of ``localAddresses``; nil if there is none.
  public var localAddress: SocketAddress? { localAddresses.first }

  /// How many connections there are.
  public var connectionCount: Int { servers.reduce(0) { $0 + $1.connectionCount } }

  /// Serves until ``shutdown()``, or until the task is cancelled, which shuts down and throws `CancellationError`.
  ///
  /// Returns at once after a shutdown.
  public func serveForever() async throws {
    do {
      for server in servers { try await server.serveForever() }
    } catch let error as StreamError where error.code == .closed {
      return
    } catch {
      await shutdown()
      throw error
    }
  }

  /// Stops: accepts no more, tells everybody, and gives the last lines their time to leave.
  ///
  /// Takes at most ``ChatLimits/flushWait`` and a little, whatever the clients do.
  public func shutdown() async {
    for server in servers { server.close() }
    await keeper.shutDown()
    await withDiscardingTaskGroup { group in
      for server in servers {
        // Connections end by themselves at the end of the flush; what is left then is reset.
        group.addTask { [limits = keeper.limits] in
          await server.shutdown(grace: limits.flushWait * 3 / 2)
        }
      }
    }
  }

  /// Ends all connections at once, whatever has not been sent; makes a ``shutdown()`` that is under way end.
  public func abort() {
    for server in servers {
      server.close()
      server.abortClients()
    }
  }
}
