internal import CFluvial

extension EventLoop {
  /// Connects, and puts a protocol object on the connection.
  ///
  /// asyncio's `create_connection`. `makeProtocol` is called on the loop once connected. On the loop the box that is
  /// returned opens at once. Throws what connecting reports; cancelled, it leaves no descriptor behind.
  public func createConnection<P: StreamProtocol>(
    to address: SocketAddress, from local: SocketAddress? = nil,
    makeProtocol: sending @escaping () -> P
  ) async throws -> LoopBound<(transport: any Transport, protocol: P)> {
    let factory = LoopBound(handingOver: makeProtocol, to: self)
    let descriptor = try await connectFirst(of: [address], from: local, delay: .zero)
    return try await startConnection(descriptor.take(), to: address, factory)
  }

  /// Connects to the first address of a host that answers, as RFC 8305 describes, and puts a protocol object on it.
  ///
  /// asyncio's `create_connection`. Throws ``ConnectError`` with every attempt's error, and what
  /// ``resolve(host:port:)`` does. Cancelled, it leaves no descriptor behind. As
  /// ``createConnection(to:from:makeProtocol:)``.
  public func createConnection<P: StreamProtocol>(
    host: String, port: Int, makeProtocol: sending @escaping () -> P
  ) async throws -> LoopBound<(transport: any Transport, protocol: P)> {
    let factory = LoopBound(handingOver: makeProtocol, to: self)
    let addresses = try await resolve(host: host, port: port)
    let descriptor = try await connectFirst(of: addresses, from: nil, delay: .milliseconds(250))
    return try await startConnection(descriptor.take(), to: addresses[0], factory)
  }

  private func startConnection<P: StreamProtocol>(
    _ descriptor: Int32, to address: SocketAddress, _ factory: LoopBound<() -> P>
  ) async throws -> LoopBound<(transport: any Transport, protocol: P)> {
    try await onLoop { loop throws(UVError) in
      let transport = try loop.makeTransport(adopting: descriptor, family: address.family)
      let proto = factory.value()
      transport.start(proto)
      return LoopBound((transport: transport, protocol: proto), on: loop)
    }
  }

  /// A transport for descriptor 0, 1 or 2, over a duplicate, so that the number stays everybody's.
  ///
  /// The loop's thread.
  package func makeStandardTransport(_ number: Int32) throws(UVError) -> StreamTransport {
    try UVError.check(fluv_descriptors_fill_standard(), "standard streams")
    let duplicate = fluv_descriptor_duplicate(number)
    try UVError.check(duplicate, "descriptor \(number)")
    let transport: StreamTransport =
      switch fluv_descriptor_kind(duplicate) {
      case FLUV_KIND_TCP: try TCPTransport(adopting: duplicate, on: self)
      case FLUV_KIND_TTY: try TTYTransport(adopting: duplicate, on: self)
      default: try PipeTransport(adopting: duplicate, on: self)
      }
    transport.borrow()
    return transport
  }

  /// A transport for a connected socket, which is the transport's from now on.
  ///
  /// The loop's thread.
  package func makeTransport(
    adopting descriptor: Int32, family: SocketAddress.Family
  ) throws(UVError) -> StreamTransport {
    switch family {
    case .v4, .v6: try TCPTransport(adopting: descriptor, on: self)
    case .unix: try PipeTransport(adopting: descriptor, on: self)
    }
  }

  /// Reads from a descriptor: a pipe, a unix socket, a fifo, or a file or device through the thread pool.
  ///
  /// asyncio's `connect_read_pipe`. The descriptor belongs to the transport from now on, also when this throws. Throws
  /// ``UVError/invalidArgument`` for what cannot be read as a stream. Waits for the loop's turn only, which cancellation
  /// does not shorten.
  public func connectReadPipe<P: StreamProtocol>(
    _ descriptor: Int32, makeProtocol: sending @escaping () -> P
  ) async throws -> LoopBound<(transport: any ReadTransport, protocol: P)> {
    let box = try await connectPipe(descriptor, LoopBound(handingOver: makeProtocol, to: self))
    return await onLoop { loop in
      LoopBound((transport: box.value.transport, protocol: box.value.protocol), on: loop)
    }
  }

  /// Writes to a descriptor: a pipe, a unix socket, a fifo, or a file or device through the thread pool.
  ///
  /// asyncio's `connect_write_pipe`. The descriptor belongs to the transport from now on, also when this throws. Throws
  /// ``UVError/invalidArgument`` for what cannot be written as a stream. Waits for the loop's turn only, which cancellation
  /// does not shorten.
  public func connectWritePipe<P: StreamProtocol>(
    _ descriptor: Int32, makeProtocol: sending @escaping () -> P
  ) async throws -> LoopBound<(transport: any WriteTransport, protocol: P)> {
    let box = try await connectPipe(descriptor, LoopBound(handingOver: makeProtocol, to: self))
    return await onLoop { loop in
      LoopBound((transport: box.value.transport, protocol: box.value.protocol), on: loop)
    }
  }

  /// Both directions alike: reading is what tells a writer that the other end has gone.
  private func connectPipe<P: StreamProtocol>(
    _ descriptor: Int32, _ factory: LoopBound<() -> P>
  ) async throws -> LoopBound<(transport: PipeTransport, protocol: P)> {
    try await onLoop { loop throws(UVError) in
      let transport = try PipeTransport(adopting: descriptor, on: loop)
      let proto = factory.value()
      transport.start(proto)
      return LoopBound((transport: transport, protocol: proto), on: loop)
    }
  }

  /// Listens, and puts a protocol object on each connection.
  ///
  /// asyncio's `create_server`. `makeProtocol` is called on the loop for each connection. Port 0 is any free port, told by
  /// ``Listener/address``. Throws ``UVError/addressInUse`` and what else binding reports; then nothing is left bound. Waits
  /// for the loop's turn only, which cancellation does not shorten.
  public func createServer<P: StreamProtocol>(
    on address: SocketAddress, options: ListenOptions = ListenOptions(),
    makeProtocol: sending @escaping () -> P
  ) async throws -> LoopBound<Listener> {
    let factory = LoopBound(handingOver: makeProtocol, to: self)
    return try await withFolder(of: [address]) {
      try await startServer(on: address, options, factory)
    }
  }

  private func startServer<P: StreamProtocol>(
    on address: SocketAddress, _ options: ListenOptions, _ factory: LoopBound<() -> P>
  ) async throws -> LoopBound<Listener> {
    try await onLoop { loop throws(UVError) in
      let listener = try loop.bind(address, options)
      let local = listener.address
      listener.onAccept = { descriptor, peer in
        loop.start(descriptor, from: peer, at: local, factory.value)
      }
      listener.warnOfShortages()
      do throws(UVError) { try listener.startServing() } catch {
        listener.close()
        throw error
      }
      return LoopBound(listener, on: loop)
    }
  }

  /// Puts a protocol object on an accepted connection.
  ///
  /// The loop's thread.
  func start(
    _ descriptor: Int32, from peer: SocketAddress?, at address: SocketAddress,
    _ makeProtocol: () -> any StreamProtocol
  ) {
    do throws(UVError) {
      let transport = try makeTransport(adopting: descriptor, family: address.family)
      transport.remember(remote: peer, local: address)
      transport.start(makeProtocol())
    } catch {
      Report.warning(
        "a connection was dropped", ["error": "\(error)", "peer": peer?.description ?? "unknown"])
    }
  }

  /// Binds without accepting.
  ///
  /// A unix socket's file is listened at from the start, lest others take it for a stale one. The loop's thread, within
  /// ``withFolder(of:_:)``.
  package func bind(
    _ address: SocketAddress, _ options: ListenOptions, sharing: PortSharing = .none
  ) throws(UVError) -> Listener {
    try core.checkOpen()
    guard options.backlog >= 0 else {
      throw UVError(
        code: UVError.invalidArgument.code, context: "backlog of \(options.backlog)")
    }
    guard (0...0o777).contains(options.unixMode) else {
      let mode = String(options.unixMode, radix: 8)
      throw UVError(code: UVError.invalidArgument.code, context: "unix socket mode \(mode)")
    }
    let isFile = address.isFile
    if isFile, options.replacesStaleSocket {
      try UnixSocketFile.makeWay(for: address, whenStale: options.whenStale)
    }
    var raw = try address.raw()
    var descriptor: Int32 = -1
    let flags = sharing.flags(options) | FLUV_LISTEN_V6_ONLY.int32
    try UVError.check(
      unsafe fluv_socket_bind(&raw, flags, options.unixMode, &descriptor), "bind \(address)")
    let owned = OwnedDescriptor(descriptor)
    let backlog = Int32(clamping: options.backlog)
    if isFile {
      let status = fluv_socket_listen(descriptor, backlog)
      if status < 0 {
        UnixSocketFile(at: address.host)?.removeIfOurs()
        throw UVError(code: status, context: "listen on \(address)")
      }
    }
    var actual = fluv_address()
    try UVError.check(unsafe fluv_socket_local(descriptor, &actual), "bind \(address)")
    return Listener(
      bound: owned, at: SocketAddress(raw: actual) ?? address,
      backlog: backlog,
      unixFile: isFile && options.removesSocketFile ? UnixSocketFile(at: address.host) : nil,
      on: self)
  }
}

/// How a server listens.
public struct ListenOptions: Sendable {
  /// How many connections may wait to be accepted; the system may allow fewer.
  public var backlog = 4096
  /// Whether several sockets may listen at one address, the kernel sharing connections out.
  ///
  /// Binds SO_REUSEPORT.
  public var reusePort = false
  /// The permissions of a unix socket's file; its owner alone unless changed.
  public var unixMode: Int32 = 0o600
  /// Whether a socket file at which nobody listens is replaced.
  public var replacesStaleSocket = true
  /// Whether closing removes a unix socket's file, if it is still ours.
  public var removesSocketFile = true
  /// Called on the loop between finding a stale file and removing it: lets a test put another server there.
  package var whenStale: (@Sendable () -> Void)?

  /// The defaults.
  public init() {}
}
