internal import FluvialPrimitives
internal import FluvialTransports

/// What a server has on one of its loops: listening sockets, connections, and the task whose children are the handlers.
///
/// A server on one loop has one, so that there is no other code for several.
final class ServerBranch: Sendable {
  struct State {
    var listeners: [LoopBound<Listener>] = []
    /// Accepted and not yet handed to the root task.
    var accepted: [StreamReaderProtocol] = []
    var connections: [ObjectIdentifier: StreamReaderProtocol] = [:]
    var rootWait: OneShotSignal?
    var rootTask: Task<Void, Never>?
    var hasRoot = false
    /// No more connections.
    var isOver = false
  }

  /// The branch's place among the server's branches, and its loop's in the group.
  let place: Int
  let loop: EventLoop
  let state = Lock(State())

  init(place: Int, loop: EventLoop) {
    self.place = place
    self.loop = loop
  }

  /// The connections to handle next; nil when there will be none.
  func nextBatch() async -> [StreamReaderProtocol]? {
    while true {
      let wait = OneShotSignal()
      let (batch, isOver) = state.withLock { state in
        let batch = state.accepted
        state.accepted = []
        if batch.isEmpty, !state.isOver { state.rootWait = wait }
        return (batch, state.isOver)
      }
      if !batch.isEmpty { return batch }
      if isOver { return nil }
      await wait.wait()
    }
  }

  /// Lets the root task take what was accepted.
  func wakeRoot() {
    let wait: OneShotSignal? = state.withLock { state in
      guard !state.accepted.isEmpty else { return nil }
      defer { state.rootWait = nil }
      return state.rootWait
    }
    wait?.fire()
  }

  /// Accepts no more.
  ///
  /// Any thread; a second call does nothing.
  func close() {
    let (listeners, wait, orphans) = state.withLock { state in
      state.isOver = true
      let orphans = state.hasRoot ? [] : state.accepted
      defer {
        state.listeners = []
        state.rootWait = nil
        // Without a root task nobody would handle them.
        if !state.hasRoot { (state.accepted, state.connections) = ([], [:]) }
      }
      return (state.listeners, state.rootWait, orphans)
    }
    if !listeners.isEmpty {
      onLoopSoon { for listener in listeners { listener.value.close() } }
    }
    for orphan in orphans { orphan.abort() }
    wait?.fire()
  }

  /// While held, connections wait in the backlog.
  func hold(_ isHeld: Bool) {
    let listeners = state.withLock(\.listeners)
    onLoopSoon { for listener in listeners { listener.value.setHeld(isHeld) } }
  }

  /// Cancels the handlers, and the waits that rely on that.
  func cancelHandlers() {
    let (root, connections) = state.withLock { ($0.rootTask, Array($0.connections.values)) }
    root?.cancel()
    for connection in connections { connection.cancelScope() }
  }

  private func onLoopSoon(_ body: @escaping @Sendable () -> Void) {
    if loop.isCurrent { body() } else { loop.execute(body) }
  }
}
