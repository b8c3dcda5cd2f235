internal import FluvialPrimitives
internal import FluvialTransports

/// From an accepted descriptor to a handler and back.
extension Server {
  /// Binds every address and puts the listeners in place.
  ///
  /// The loop's thread.
  func bind(_ addresses: [SocketAddress]) throws(UVError) {
    let listeners = try bindAll(addresses)
    for listener in listeners {
      let address = listener.address
      listener.onAccept = { [self] in accepted($0, from: $1, at: address) }
      listener.onBatch = { [self] in wakeRoot() }
      let place = listener.address.description
      listener.onShortage = { error, pause in
        Report.warning(
          "accepting paused", ["error": "\(error)", "address": place, "pause": "\(pause)"])
      }
    }
    let bound = listeners.map { LoopBound($0, on: loop) }
    state.withLock { state in
      state.listeners = bound
      state.addresses = bound.map { $0.value.address }
    }
  }

  private func bindAll(_ addresses: [SocketAddress]) throws(UVError) -> [Listener] {
    var attemptsLeft = 16
    while true {
      var listeners: [Listener] = []
      do throws(UVError) {
        for address in addresses {
          // The first address decides about a port that is any.
          let port = listeners.first?.address.port ?? address.port
          let actual =
            try address.port == 0 && address.family != .unix
            ? SocketAddress(number: address.host, port: port) : address
          listeners.append(try loop.bind(actual, options.listen))
        }
        return listeners
      } catch {
        for listener in listeners { listener.close() }
        attemptsLeft -= 1
        // The port that the system chose for the first address is somebody's at another: take the next one.
        let isChosen = addresses.first?.port == 0 && !listeners.isEmpty
        guard isChosen, error == .addressInUse, attemptsLeft > 0 else { throw error }
      }
    }
  }

  private func accepted(
    _ descriptor: Int32, from peer: SocketAddress?, at address: SocketAddress
  ) {
    do {
      let core = try StreamReaderProtocol(loop: loop, limit: options.limit)
      let transport = try loop.makeTransport(adopting: descriptor, family: address.family)
      transport.remember(remote: peer, local: address)
      transport.start(core)
      let (isOver, isFull) = state.withLock { state in
        // Closed from another thread, and the listener has not heard of it yet: nobody would handle this one.
        if state.phase >= .stopped { return (true, false) }
        state.accepted.append(core)
        state.connections[ObjectIdentifier(core)] = core
        return (false, hasNoRoom(state))
      }
      if isOver { transport.abort() }
      if isFull { hold(true) }
    } catch {
      Report.warning(
        "a connection was dropped", ["error": "\(error)", "peer": peer?.description ?? "unknown"])
    }
  }

  private func hasNoRoom(_ state: State) -> Bool {
    options.maxConnections.map { state.connections.count >= $0 } ?? false
  }

  /// The rest waits in the backlog.
  ///
  /// The loop's thread.
  private func hold(_ isHeld: Bool) {
    for listener in state.withLock(\.listeners) { listener.value.setHeld(isHeld) }
  }

  // MARK: The root task

  /// One task with a child for each connection, woken once for each batch.
  func startRoot() {
    // A loop that ends takes its servers along, and cancels the handlers as a shutdown does.
    let hook = ServerEndHook()
    let end = LoopEndHook(on: loop) { [self] in
      hook.leave()
      close()
      cancelHandlers()
    }
    hook.hook = LoopBound(end, on: loop)
    let task = Task(executorPreference: loop.taskExecutor) { [self] in
      await withDiscardingTaskGroup { group in
        while let batch = await nextBatch() {
          for core in batch { group.addTask { await self.handle(core) } }
        }
      }
      await loop.onLoop { _ in hook.leave() }
      rootEnded()
    }
    state.withLock { $0.rootTask = task }
    Report.debug("a server accepts", details)
  }

  private func wakeRoot() {
    let wait: OneShotSignal? = state.withLock { state in
      guard !state.accepted.isEmpty else { return nil }
      defer { state.rootWait = nil }
      return state.rootWait
    }
    wait?.fire()
  }

  /// The connections to handle next; nil when there will be none.
  private func nextBatch() async -> [StreamReaderProtocol]? {
    while true {
      let wait = OneShotSignal()
      let (batch, isOver) = state.withLock { state in
        let batch = state.accepted
        state.accepted = []
        let isOver = state.phase >= .stopped
        if batch.isEmpty, !isOver { state.rootWait = wait }
        return (batch, isOver)
      }
      if !batch.isEmpty { return batch }
      if isOver { return nil }
      await wait.wait()
    }
  }

  @inline(__always)
  private func handle(_ core: StreamReaderProtocol) async {
    do {
      // No cancellation handler of its own: only `cancelHandlers` cancels this task, and it ends the reads' waits too.
      core.openScope()
      let (reader, writer) = core.makeStreams(closingWhenDropped: false)
      try await handler(reader, writer)
      core.close()
    } catch { ended(core, with: error) }
    core.closeScope()
    _ = await core.waitClosed()
    forget(core)
  }

  private func ended(_ core: StreamReaderProtocol, with error: any Error) {
    if error is CancellationError, Task.isCancelled {
      core.close()
    } else {
      core.abort()
      report(error, from: core)
    }
  }

  private func forget(_ core: StreamReaderProtocol) {
    let hasRoom = state.withLock { state in
      state.connections[ObjectIdentifier(core)] = nil
      return !hasNoRoom(state)
    }
    if hasRoom, options.maxConnections != nil { hold(false) }
  }

  /// Cancels the root task, with it every handler, and the waits that rely on that.
  func cancelHandlers() {
    let (root, connections) = state.withLock { ($0.rootTask, Array($0.connections.values)) }
    root?.cancel()
    for connection in connections { connection.cancelScope() }
  }

  private func report(_ error: any Error, from core: StreamReaderProtocol) {
    if let onHandlerError = options.onHandlerError {
      onHandlerError(error)
    } else {
      let peer = core.link.withLock(\.remoteAddress)?.description ?? "unknown"
      Report.error("a connection's handler threw", ["error": "\(error)", "peer": peer])
    }
  }

  /// What the log says of this server.
  var details: [String: String] {
    ["address": localAddresses.map(\.description).joined(separator: " ")]
  }

  private func rootEnded() {
    Report.debug("a server has ended", details)
    let signals = state.withLock { state in
      state.phase = .closed
      defer { state.closeWaiters = [] }
      return state.closeWaiters
    }
    for signal in signals { signal.fire() }
  }
}

/// Where a server's root task finds the hook to take out at its end; touched on the loop's thread only.
private final class ServerEndHook: @unchecked Sendable {
  var hook: LoopBound<LoopEndHook>?

  func leave() {
    hook?.value.leave()
    hook = nil
  }
}
