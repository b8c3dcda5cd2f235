internal import FluvialPrimitives
internal import FluvialTransports

/// From an accepted descriptor to a handler and back.
extension Server {
  /// Binds every address on every loop and puts the listeners in place.
  ///
  /// The first loop decides about ports that are any. What was bound before a failure is closed with the server.
  func bind(_ addresses: [SocketAddress]) async throws(UVError) {
    let bound = try await loop.onLoop { [self] _ throws(UVError) in
      try bind(addresses, branches[0])
    }
    state.withLock { $0.addresses = bound }
    // A unix socket cannot be bound twice: the first loop accepts for all.
    let further = bound.filter { $0.family != .unix }
    for branch in branches.dropFirst() where !further.isEmpty {
      _ = try await branch.loop.onLoop { [self] _ throws(UVError) in try bind(further, branch) }
    }
  }

  /// Closes after a failed start, and returns when nothing is left bound.
  func letGo() async {
    close()
    await waitClosed()
    // Listeners close on their loops; what is called there now comes after that.
    for branch in branches { await branch.loop.onLoop { _ in } }
    if ownsGroup { await group?.shutdown() }
  }

  private func bind(
    _ addresses: [SocketAddress], _ branch: ServerBranch
  ) throws(UVError) -> [SocketAddress] {
    let listeners = try bindAll(addresses, branch)
    for listener in listeners {
      let address = listener.address
      listener.onAccept = { [self] descriptor, peer in
        accepted(descriptor, from: peer, at: address, on: branch)
      }
      listener.onBatch = { branch.wakeRoot() }
      if options.maxConnections != nil {
        listener.room = AcceptRoom(take: { self.takeRoom() }, giveBack: { self.giveRoomBack() })
      }
      listener.warnOfShortages()
    }
    let isOver = branch.state.withLock { state in
      state.listeners = listeners.map { LoopBound($0, on: branch.loop) }
      return state.isOver
    }
    // Closed from another thread meanwhile.
    if isOver { branch.close() }
    return listeners.map(\.address)
  }

  private func bindAll(
    _ addresses: [SocketAddress], _ branch: ServerBranch
  ) throws(UVError) -> [Listener] {
    let sharing = group?.sharing(at: branch.place) ?? .none
    var attemptsLeft = 16
    while true {
      var listeners: [Listener] = []
      var missing: UVError?
      do throws(UVError) {
        for address in addresses {
          // The first address decides about a port that is any.
          let port = listeners.first?.address.port ?? address.port
          let actual =
            try address.port == 0 && address.family != .unix
            ? SocketAddress(number: address.host, port: port) : address
          do throws(UVError) {
            listeners.append(try branch.loop.bind(actual, options.listen, sharing: sharing))
          } catch {
            // A machine without one of the families listens on the other.
            guard error == .addressFamilyNotSupported, addresses.count > 1 else { throw error }
            missing = error
          }
        }
        if listeners.isEmpty, let missing { throw missing }
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

  /// Begins to serve on one of the loops, on its thread; nothing when it does already.
  func start(_ branch: ServerBranch) throws(UVError) {
    for listener in branch.state.withLock(\.listeners) { try listener.value.startServing() }
    let (starts, isFirst) = state.withLock { state in
      // A second call, or a close from another thread.
      guard state.phase <= .serving, !branch.state.withLock(\.hasRoot) else {
        return (false, false)
      }
      branch.state.withLock { $0.hasRoot = true }
      state.phase = .serving
      state.roots += 1
      return (true, state.roots == 1)
    }
    if starts { startRoot(branch) }
    if isFirst { Report.debug("a server accepts", details) }
  }

  /// Gives a connection to the loop that shall have it; the thread of the one that accepted it.
  private func accepted(
    _ descriptor: Int32, from peer: SocketAddress?, at address: SocketAddress,
    on branch: ServerBranch
  ) {
    guard let group else { return begin(descriptor, from: peer, at: address, on: branch) }
    group.share(acceptedAt: branch.place) { [self] place in
      begin(descriptor, from: peer, at: address, on: branches[place])
      // The batch that will end is another loop's.
      if place != branch.place { branches[place].wakeRoot() }
    }
  }

  /// Makes a connection of a descriptor, on the loop that it stays on.
  private func begin(
    _ descriptor: Int32, from peer: SocketAddress?, at address: SocketAddress,
    on branch: ServerBranch
  ) {
    do {
      let core = try StreamReaderProtocol(loop: branch.loop, limit: options.limit)
      let transport = try branch.loop.makeTransport(
        adopting: descriptor, family: address.family)
      transport.remember(remote: peer, local: address)
      transport.start(core)
      let isOver = branch.state.withLock { state in
        // Closed from another thread, and the listener has not heard of it yet: nobody would handle this one.
        if state.isOver { return true }
        state.accepted.append(core)
        state.connections[ObjectIdentifier(core)] = core
        return false
      }
      if isOver {
        transport.abort()
        giveRoomBack()
      }
    } catch {
      giveRoomBack()
      Report.warning(
        "a connection was dropped", ["error": "\(error)", "peer": peer?.description ?? "unknown"])
    }
  }

  // MARK: How many connections

  /// Counts one more, unless there are `maxConnections`: then the rest waits in the backlog.
  private func takeRoom() -> Bool {
    guard let most = options.maxConnections else { return true }
    return state.withLock { state in
      guard state.taken < most else { return false }
      state.taken += 1
      return true
    }
  }

  /// Counts one off, and lets every loop accept again if there was no room before.
  private func giveRoomBack() {
    guard let most = options.maxConnections else { return }
    let wasFull = state.withLock { state in
      state.taken -= 1
      return state.taken == most - 1
    }
    if wasFull { for branch in branches { branch.hold(false) } }
  }

  // MARK: The root task

  /// One task with a child for each connection of a loop, woken once for each batch.
  private func startRoot(_ branch: ServerBranch) {
    // A loop that ends takes its servers along, and cancels the handlers as a shutdown does.
    let hook = ServerEndHook()
    let outlivesOthers = branch.place == 0 && ownsGroup
    let end = LoopEndHook(on: branch.loop) { [self] in
      close()
      cancelHandlers()
      guard outlivesOthers, let group else { return hook.leave() }
      // And the loops that were made for this server, before it ends itself.
      group.stop { branch.loop.execute { hook.leave() } }
    }
    hook.hook = LoopBound(end, on: branch.loop)
    let task = Task(executorPreference: branch.loop.taskExecutor) { [self] in
      await withDiscardingTaskGroup { tasks in
        while let batch = await branch.nextBatch() {
          for core in batch { tasks.addTask { await self.handle(core, branch) } }
        }
      }
      if !outlivesOthers { await branch.loop.onLoop { _ in hook.leave() } }
      rootEnded()
    }
    if outlivesOthers { state.withLock { $0.lastHook = hook } }
    branch.state.withLock { $0.rootTask = task }
  }

  @inline(__always)
  private func handle(_ core: StreamReaderProtocol, _ branch: ServerBranch) async {
    do {
      // No cancellation handler of its own: only `cancelHandlers` cancels this task, and it ends the reads' waits too.
      core.openScope()
      let (reader, writer) = core.makeStreams(closingWhenDropped: false)
      try await handler(reader, writer)
      core.close()
    } catch { ended(core, with: error) }
    core.closeScope()
    _ = await core.waitClosed()
    branch.state.withLock { $0.connections[ObjectIdentifier(core)] = nil }
    giveRoomBack()
  }

  private func ended(_ core: StreamReaderProtocol, with error: any Error) {
    let isOurDoing = (error as? StreamError)?.code == .closed && core.isEndedByServer
    if isOurDoing || (error is CancellationError && Task.isCancelled) {
      core.close()
    } else {
      core.abort()
      report(error, from: core)
    }
  }

  /// Cancels the root tasks, with them every handler, and the waits that rely on that.
  func cancelHandlers() { for branch in branches { branch.cancelHandlers() } }

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
    let isLast = state.withLock { state in
      state.roots -= 1
      return state.roots == 0
    }
    guard isLast else { return }
    if ownsGroup, let group { group.stop { self.finish() } } else { finish() }
  }

  private func finish() {
    Report.debug("a server has ended", details)
    let (signals, hook) = state.withLock { state in
      state.phase = .closed
      defer { (state.closeWaiters, state.lastHook) = ([], nil) }
      return (state.closeWaiters, state.lastHook)
    }
    if let hook { loop.execute { hook.leave() } }
    for signal in signals { signal.fire() }
  }
}

/// Where a server's root task finds the hook to take out at its end; touched on the loop's thread only.
final class ServerEndHook: @unchecked Sendable {
  var hook: LoopBound<LoopEndHook>?

  func leave() {
    hook?.value.leave()
    hook = nil
  }
}
