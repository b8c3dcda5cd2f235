public import FluvialTransports

/// Connects to a host and returns the connection's reader and writer.
///
/// asyncio's `open_connection`; ``withConnection(host:port:from:limit:on:_:)`` closes by itself. All addresses of the host are tried,
/// the families by turns, 250 ms apart, as RFC 8305 says. `limit` bounds what the reader holds, in bytes; `local` is the
/// address to connect from. Runs on `loop`, else the current loop, else the shared one. A connection that is dropped without
/// a close is closed, and debug builds log `file` and `line`.
///
/// Throws ``StreamError/Code/connectFailed`` with every attempt's error, ``StreamError/Code/invalidArgument`` for a name or
/// port out of range, `CancellationError` when cancelled; then no descriptor is left.
public func openConnection(
  host: String, port: Int, from local: SocketAddress? = nil,
  limit: Int = StreamReaderProtocol.defaultLimit, on loop: EventLoop? = nil,
  file: StaticString = #fileID, line: UInt = #line
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let loop = try chosenLoop(loop, orThrow: .connectFailed)
  return try await streams(on: loop, limit: limit, CodePlace(file: file, line: line)) {
    let addresses = try await loop.resolve(host: host, port: port)
    return (
      try await loop.connectFirst(of: addresses, from: local, delay: .milliseconds(250)).take(),
      .v4
    )
  }
}

/// Connects to a unix socket and returns the connection's reader and writer.
///
/// asyncio's `open_unix_connection`. A leading NUL in the path is an abstract name. Throws
/// ``StreamError/Code/connectFailed``, ``StreamError/Code/invalidArgument`` for a path that is no path or too long, and
/// `CancellationError` when cancelled; then no descriptor is left. As
/// ``openConnection(host:port:from:limit:on:file:line:)``.
public func openConnection(
  unixPath path: String, limit: Int = StreamReaderProtocol.defaultLimit,
  on loop: EventLoop? = nil, file: StaticString = #fileID, line: UInt = #line
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let loop = try chosenLoop(loop, orThrow: .connectFailed)
  return try await streams(on: loop, limit: limit, CodePlace(file: file, line: line)) {
    let address = try SocketAddress(unixPath: path)
    return (try await loop.connectFirst(of: [address], from: nil, delay: .zero).take(), .unix)
  }
}

/// Wraps a connected stream socket, which belongs to the connection from now on, also when this throws.
///
/// Throws ``StreamError/Code/invalidArgument`` when the descriptor is no stream socket. Waits for the loop's turn only,
/// which cancellation does not shorten.
public func openConnection(
  adopting descriptor: Int32, limit: Int = StreamReaderProtocol.defaultLimit,
  on loop: EventLoop? = nil, file: StaticString = #fileID, line: UInt = #line
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let owned = OwnedDescriptor(descriptor)
  let family: SocketAddress.Family
  do { family = try SocketAddress.family(ofSocket: descriptor) } catch {
    throw StreamError.wrapping(error, as: .connectFailed)
  }
  let loop = try chosenLoop(loop, orThrow: .connectFailed)
  let core = try StreamReaderProtocol(loop: loop, limit: limit)
  return try await start(owned, family, core, CodePlace(file: file, line: line))
}

private func streams(
  on loop: EventLoop, limit: Int, _ origin: CodePlace,
  _ connect: () async throws -> (descriptor: Int32, family: SocketAddress.Family)
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  do {
    let core = try StreamReaderProtocol(loop: loop, limit: limit)
    let (descriptor, family) = try await connect()
    return try await start(OwnedDescriptor(descriptor), family, core, origin)
  } catch { throw StreamError.wrapping(error, as: .connectFailed) }
}

private func start(
  _ descriptor: consuming OwnedDescriptor, _ family: SocketAddress.Family,
  _ core: StreamReaderProtocol, _ origin: CodePlace
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let number = descriptor.take()
  do {
    try await core.loop.onLoop { loop throws(UVError) in
      try loop.makeTransport(adopting: number, family: family).start(core)
    }
  } catch { throw StreamError.wrapping(error, as: .connectFailed) }
  return core.makeStreams(closingWhenDropped: true, openedAt: origin)
}

/// Connects to a host for the time of `body`.
///
/// When `body` returns, what it wrote is delivered and the connection closed before this returns; what could not be
/// delivered within the linger time is an error. When `body` throws or is cancelled, the connection is aborted. Throws what
/// ``openConnection(host:port:from:limit:on:file:line:)`` throws, what `body` throws, and ``StreamError/Code/broken`` when bytes were
/// lost.
public func withConnection<Result>(
  host: String, port: Int, from local: SocketAddress? = nil,
  limit: Int = StreamReaderProtocol.defaultLimit, on loop: EventLoop? = nil,
  _ body: (StreamReader, StreamWriter) async throws -> Result
) async throws -> Result {
  let (reader, writer) = try await openConnection(
    host: host, port: port, from: local, limit: limit, on: loop)
  return try await closing(reader, writer, body)
}

/// Connects to a unix socket for the time of `body`.
///
/// Throws what ``openConnection(unixPath:limit:on:file:line:)`` does. Cancelled, the connection is aborted. As
/// ``withConnection(host:port:from:limit:on:_:)``.
public func withConnection<Result>(
  unixPath path: String, limit: Int = StreamReaderProtocol.defaultLimit,
  on loop: EventLoop? = nil,
  _ body: (StreamReader, StreamWriter) async throws -> Result
) async throws -> Result {
  let (reader, writer) = try await openConnection(unixPath: path, limit: limit, on: loop)
  return try await closing(reader, writer, body)
}

func closing<Result>(
  _ reader: StreamReader, _ writer: StreamWriter,
  _ body: (StreamReader, StreamWriter) async throws -> Result
) async throws -> Result {
  let result: Result
  do {
    result = try await reader.core.withCancellationScope { try await body(reader, writer) }
    try Task.checkCancellation()
  } catch {
    writer.abort()
    _ = await writer.waitClosed()
    throw error
  }
  writer.close()
  switch await withTaskCancellationHandler(
    operation: { await writer.waitClosed() }, onCancel: { writer.abort() })
  {
  case .finished: return result
  case .aborted where Task.isCancelled: throw CancellationError()
  case .aborted(let error): throw error.map { StreamError.broken($0) } ?? StreamError.closed
  case .reset(let error): throw StreamError.broken(error)
  }
}
