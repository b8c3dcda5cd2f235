internal import CFluvial

extension EventLoopGroup {
  /// Listens with a socket on each loop, and puts a protocol object on each connection.
  ///
  /// As ``EventLoop/createServer(on:options:makeProtocol:)`` on one loop. `makeProtocol` is called on the connection's
  /// loop, so that ``indexOfCurrentLoop`` tells which. The kernel shares connections out; a loop that has more than
  /// an eighth above the one with fewest gives what it accepts to that one. A unix socket cannot be bound twice: the first
  /// loop accepts for all. Throws what binding and listening report; then nothing is left bound.
  public func createServer<P: StreamProtocol>(
    on address: SocketAddress, options: ListenOptions = ListenOptions(),
    makeProtocol: @escaping @Sendable () -> P
  ) async throws -> GroupListener {
    let listeners = try await loops[0].withFolder(of: [address]) {
      try await bind(address, options)
    }
    do {
      for (place, listener) in listeners.enumerated() {
        try await loops[place].onLoop { [self] _ throws(UVError) in
          accept(on: listener.value, at: place, makeProtocol)
          try listener.value.startServing()
        }
      }
    } catch {
      GroupListener.close(listeners)
      throw error
    }
    return GroupListener(listeners, at: await loops[0].onLoop { _ in listeners[0].value.address })
  }

  private func bind(
    _ address: SocketAddress, _ options: ListenOptions
  ) async throws(UVError) -> [LoopBound<Listener>] {
    var listeners: [LoopBound<Listener>] = []
    var actual = address
    do throws(UVError) {
      for (place, loop) in loops.enumerated() where place == 0 || address.family != .unix {
        let wanted = actual
        let sharing = sharing(at: place)
        let (listener, bound) = try await loop.onLoop { loop throws(UVError) in
          let listener = try loop.bind(wanted, options, sharing: sharing)
          return (LoopBound(listener, on: loop), listener.address)
        }
        listeners.append(listener)
        // The first decides about a port that is any.
        actual = bound
      }
      return listeners
    } catch {
      GroupListener.close(listeners)
      throw error
    }
  }

  private func accept(
    on listener: Listener, at place: Int,
    _ makeProtocol: @escaping @Sendable () -> some StreamProtocol
  ) {
    let address = listener.address
    listener.onAccept = { [self] descriptor, peer in
      share(acceptedAt: place) { [self] place in
        loops[place].start(descriptor, from: peer, at: address, makeProtocol)
      }
    }
    listener.warnOfShortages()
  }

  /// How the loop at a place binds a port that all of them have.
  package func sharing(at place: Int) -> PortSharing {
    loops.count == 1 ? .none : place == 0 ? .first : .further
  }

  // MARK: Sharing out

  /// Calls `start` with the place of the loop that a new connection goes to, on that loop; at once when it is this one.
  ///
  /// On the thread of the loop at `place`. When the chosen loop has ended meanwhile, `start` is called on the queue for late
  /// jobs, where making a transport throws.
  package func share(acceptedAt place: Int, _ start: @escaping @Sendable (_ place: Int) -> Void) {
    let chosen = emptiest(besides: place)
    guard chosen != place else { return start(place) }
    let loop = loops[chosen]
    // Counted there at once, so that a whole batch does not go to one loop.
    loop.core.addLoad(1)
    loop.execute {
      start(chosen)
      loop.core.addLoad(-1)
    }
  }

  /// The loop with least to do, or that at `place`, while it has little more: moving costs a wake-up of another thread.
  private func emptiest(besides place: Int) -> Int {
    let own = loops[place].core.currentLoad
    var (chosen, least) = (place, own)
    for (other, loop) in loops.enumerated() {
      let load = loop.core.currentLoad
      if load < least { (chosen, least) = (other, load) }
    }
    return own > least + max(1, least / 8) ? chosen : place
  }
}

/// Listening sockets at one address, one for each loop of a group.
public struct GroupListener: Sendable {
  /// Where they listen, with the port that the system chose.
  public let address: SocketAddress

  private let listeners: [LoopBound<Listener>]

  init(_ listeners: [LoopBound<Listener>], at address: SocketAddress) {
    self.listeners = listeners
    self.address = address
  }

  /// Accepts no more; connections go on.
  ///
  /// Any thread; a second call does nothing.
  public func close() { Self.close(listeners) }

  static func close(_ listeners: [LoopBound<Listener>]) {
    for listener in listeners {
      if listener.loop.isCurrent {
        listener.value.close()
      } else {
        listener.loop.execute { listener.value.close() }
      }
    }
  }
}

/// Whether several sockets of one server have one port.
package enum PortSharing: Sendable {
  /// One socket; the options decide whether other programs may join it.
  case none
  /// The first of several: refused when anybody listens there, open to the further ones afterwards.
  case first
  /// Joins the first.
  case further

  func flags(_ options: ListenOptions) -> Int32 {
    switch self {
    case .none: options.reusePort ? FLUV_LISTEN_REUSE_PORT.int32 : 0
    case .first: (options.reusePort ? FLUV_LISTEN_REUSE_PORT : FLUV_LISTEN_SHARE_PORT).int32
    case .further: FLUV_LISTEN_REUSE_PORT.int32
    }
  }
}
