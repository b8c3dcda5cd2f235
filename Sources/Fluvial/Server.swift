internal import FluvialPrimitives
public import FluvialTransports

/// Listening sockets and the connections that came from them: asyncio's `Server`.
///
/// May be used from any task. A handler runs for each connection, as a child task on the connection's loop: the server's
/// one, or one of its group's. A server ends with the first of its loops that ends.
public final class Server: Sendable {
  /// What a server does with each connection.
  public typealias Handler = @Sendable (StreamReader, StreamWriter) async throws -> Void
  /// What is told of a handler that threw.
  public typealias ErrorHandler = @Sendable (any Error) -> Void

  /// starting -> serving -> stopped (no more connections) -> closed (the last connection is gone).
  enum Phase: Comparable { case bound, serving, stopped, closed }

  struct State {
    var phase = Phase.bound
    var addresses: [SocketAddress] = []
    /// Branches whose root task runs.
    var roots = 0
    /// Keeps the first loop from ending before those that were made for this server.
    var lastHook: ServerEndHook?
    /// Connections, and accepts under way; counted only for `maxConnections`.
    var taken = 0
    var stopWaiters: [OneShotSignal] = []
    var closeWaiters: [OneShotSignal] = []
  }

  /// The loop that the connections live on; the first of them, when there are several.
  public let loop: EventLoop
  /// The loops that the connections live on.
  public var loops: [EventLoop] { branches.map(\.loop) }

  let branches: [ServerBranch]
  /// Kept for the time of the server; nil for a server on one loop.
  let group: EventLoopGroup?
  /// The group was made for this server, and ends with it.
  let ownsGroup: Bool
  let state = Lock(State())
  let options: ServerOptions
  let handler: Handler

  init(on place: ServerPlace, options: ServerOptions, handler: @escaping Handler) {
    (loop, group, ownsGroup) = (place.loop, place.group, place.endsWithServer)
    branches = (group?.loops ?? [loop]).enumerated().map { ServerBranch(place: $0, loop: $1) }
    self.options = options
    self.handler = handler
  }

  // MARK: Queries

  /// Where the server listens, with the ports that the system chose.
  ///
  /// asyncio's `Server.sockets`.
  public var localAddresses: [SocketAddress] { state.withLock(\.addresses) }

  /// Whether connections are accepted.
  public var isServing: Bool { state.withLock { $0.phase == .serving } }

  /// How many connections there are.
  public var connectionCount: Int {
    branches.reduce(0) { $0 + $1.state.withLock(\.connections.count) }
  }

  // MARK: Serving

  /// Begins to accept, if it was told to wait with that.
  ///
  /// A second call does nothing.
  ///
  /// Throws ``StreamError/Code/addressInUse`` and ``StreamError/Code/listenFailed``, which closes the server, and
  /// ``StreamError/Code/closed`` after a close. Waits for the loop's turn only, which cancellation does not shorten.
  public func startServing() async throws {
    guard state.withLock({ $0.phase <= .serving }) else { throw StreamError.closed }
    do {
      for branch in branches {
        try await branch.loop.onLoop { [self] _ throws(UVError) in try start(branch) }
      }
    } catch {
      // One loop or listener that serves and another that does not is no server.
      close()
      cancelHandlers()
      abortClients()
      throw StreamError.wrapping(error, as: .listenFailed)
    }
  }

  /// Serves until ``close()``, or until the task is cancelled, which closes.
  ///
  /// asyncio's `serve_forever`. Throws `CancellationError` when cancelled, after all connections were cancelled too.
  public func serveForever() async throws {
    try await startServing()
    let signal = OneShotSignal()
    let isOver = state.withLock { state in
      if state.phase >= .stopped { return true }
      state.stopWaiters.append(signal)
      return false
    }
    if !isOver {
      await withTaskCancellationHandler {
        await signal.wait()
      } onCancel: {
        self.close()
        self.cancelHandlers()
      }
    }
    if Task.isCancelled {
      await waitClosed()
      throw CancellationError()
    }
  }

  // MARK: Stopping

  /// Stops accepting; connections go on.
  ///
  /// Returns at once; a second call does nothing.
  public func close() {
    let (isFirst, signals) = state.withLock { state in
      guard state.phase < .stopped else { return (false, [OneShotSignal]()) }
      // Without a root task there is nobody to tell the end.
      let hasRoot = state.phase == .serving
      state.phase = hasRoot ? .stopped : .closed
      var signals = state.stopWaiters
      if !hasRoot { signals += state.closeWaiters }
      state.stopWaiters = []
      return (true, signals)
    }
    guard isFirst else { return }
    for branch in branches { branch.close() }
    for signal in signals { signal.fire() }
  }

  /// Waits until the server is closed and its last connection gone.
  ///
  /// asyncio's `wait_closed`.
  ///
  /// Does not throw, and goes on waiting when cancelled.
  public func waitClosed() async {
    let signal = OneShotSignal()
    let isClosed = state.withLock { state in
      if state.phase == .closed { return true }
      state.closeWaiters.append(signal)
      return false
    }
    if !isClosed { await signal.wait() }
  }

  /// Closes every connection gracefully; that its handler's reads and writes then fail is no error of the handler's.
  ///
  /// asyncio's `close_clients`.
  public func closeClients() {
    for connection in connections {
      connection.markEndedByServer()
      connection.close()
    }
  }

  /// Ends every connection at once.
  ///
  /// As ``closeClients()``.
  ///
  /// asyncio's `abort_clients`.
  public func abortClients() {
    for connection in connections {
      connection.markEndedByServer()
      connection.abort()
    }
  }

  /// Stops: accepts no more, lets the handlers finish, cancels those that have not by half of `grace`, resets the rest.
  ///
  /// Returns within `grace`, and a little, even with a client that never reads or a handler that ignores its cancellation;
  /// then that is reported, and the handler's connection is reset. Returns whether all handlers had ended. A negative
  /// `grace` is none.
  @discardableResult
  public func shutdown(grace: Duration) async -> Bool {
    close()
    let clock = loop.clock
    let end = clock.now.advanced(by: grace)
    if await waitClosed(until: clock.now.advanced(by: grace / 2)) { return true }
    cancelHandlers()
    closeClients()
    if await waitClosed(until: end.advanced(by: .zero - grace / 5)) { return true }
    abortClients()
    if await waitClosed(until: end) { return true }
    Report.warning(
      "a server's handlers did not end in time",
      details.merging(["count": "\(connectionCount)"]) { $1 })
    return false
  }

  private var connections: [StreamReaderProtocol] {
    branches.flatMap { $0.state.withLock { Array($0.connections.values) } }
  }

  /// Whether it was closed by then.
  private func waitClosed(until deadline: LoopClock.Instant) async -> Bool {
    let signal = OneShotSignal()
    let isClosed = state.withLock { state in
      if state.phase == .closed { return true }
      state.closeWaiters.append(signal)
      return false
    }
    if isClosed { return true }
    // Of a loop that has ended no timer comes.
    let timer = loop.schedule(at: deadline, orDropped: signal.fire, signal.fire)
    await signal.wait()
    timer.cancel()
    return state.withLock { state in
      state.closeWaiters.removeAll { $0 === signal }
      return state.phase == .closed
    }
  }
}
