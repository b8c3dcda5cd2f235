public import FluvialTransports

/// An anonymous pipe, both ends as streams.
///
/// What is written to the writer comes out of the reader; the reader's end of stream is the writer's close. A writer learns
/// that the reader is gone without writing. Throws ``StreamError/Code/broken`` when the system has no descriptors left, and
/// ``StreamError/Code/invalidArgument`` for a limit that is not positive. Waits for the loop's turn only, which
/// cancellation does not shorten.
public func openPipe(
  limit: Int = StreamReaderProtocol.defaultLimit, on loop: EventLoop? = nil
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let loop = try chosenLoop(loop, orThrow: .openFailed)
  let readerCore = try StreamReaderProtocol(loop: loop, limit: limit)
  let writerCore = try StreamReaderProtocol(loop: loop)
  do {
    try await loop.onLoop { loop throws(UVError) in
      let (reading, writing) = try loop.makePipe()
      reading.start(readerCore)
      writing.start(writerCore)
    }
  } catch { throw StreamError.wrapping(error, as: .openFailed) }
  return (readerCore.makeStreams().reader, writerCore.makeStreams().writer)
}

/// Reads from a descriptor: a pipe, a fifo, a unix socket, or a file or device through the thread pool.
///
/// asyncio's `connect_read_pipe`. The descriptor belongs to the reader from now on, also when this throws, and is closed
/// when the reader is gone; if it was blocking it is left so for others who share it. Throws
/// ``StreamError/Code/invalidArgument`` for what cannot be read as a stream, such as a folder. Waits for the loop's turn
/// only, which cancellation does not shorten.
public func openReader(
  adopting descriptor: Int32, limit: Int = StreamReaderProtocol.defaultLimit,
  on loop: EventLoop? = nil
) async throws -> StreamReader {
  try await pipeStreams(descriptor, limit: limit, on: loop, reads: true).reader
}

/// Writes to a descriptor: a pipe, a fifo, a unix socket, or a file or device through the thread pool.
///
/// asyncio's `connect_write_pipe`. The descriptor belongs to the writer from now on, also when this throws, and is closed
/// with it; if it was blocking it is left so for others who share it. Throws ``StreamError/Code/invalidArgument`` for what
/// cannot be written as a stream, such as a folder. Waits for the loop's turn only, which cancellation does not shorten.
public func openWriter(
  adopting descriptor: Int32, on loop: EventLoop? = nil
) async throws -> StreamWriter {
  try await pipeStreams(
    descriptor, limit: StreamReaderProtocol.defaultLimit, on: loop, reads: false
  ).writer
}

private func pipeStreams(
  _ descriptor: Int32, limit: Int, on loop: EventLoop?, reads: Bool
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let owned = OwnedDescriptor(descriptor)
  let loop = try chosenLoop(loop, orThrow: .openFailed)
  let core = try StreamReaderProtocol(loop: loop, limit: limit)
  let number = owned.take()
  do {
    try await loop.onLoop { loop throws(UVError) in
      let transport = try PipeTransport(adopting: number, on: loop)
      // A file opened for both would be read from where it is to be written.
      if !reads, transport.isFile { transport.pauseReading() }
      transport.start(core)
    }
  } catch { throw StreamError.wrapping(error, as: .openFailed) }
  return core.makeStreams()
}

extension StreamWriter {
  /// Who is at the other end of a unix socket: process, user and group, as they were when it connected.
  ///
  /// Throws ``StreamError/Code/closed`` once the connection is gone, and ``StreamError/Code/invalidArgument`` when it is no
  /// unix socket. Waits for the loop's turn only, which cancellation does not shorten. Binds SO_PEERCRED.
  public func peerCredentials() async throws -> (process: Int32, user: UInt32, group: UInt32) {
    let core = core
    return try await loop.onLoop { (_) throws(StreamError) in
      guard let transport = core.openTransport else { throw .closed }
      guard let pipe = transport as? PipeTransport, pipe.localAddress?.family == .unix else {
        throw .invalid("Only a unix socket knows who is at its other end.")
      }
      do throws(UVError) { return try pipe.peerCredentials() } catch { throw .broken(error) }
    }
  }
}
