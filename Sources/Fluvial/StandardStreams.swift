public import FluvialTransports

/// The process's standard input as a reader.
///
/// The kind of descriptor decides how it is read: a terminal, pipe or socket is polled; a file, `/dev/null` or another
/// device is read on the thread pool. The descriptor itself stays as it is. A closed one reads as `/dev/null`. Throws
/// ``StreamError/Code/broken`` when the system has no descriptors left, ``StreamError/Code/invalidArgument`` for a limit
/// that is not positive. Waits for the loop's turn only, which cancellation does not shorten.
public func standardInput(
  limit: Int = StreamReaderProtocol.defaultLimit, on loop: EventLoop? = nil
) async throws -> StreamReader {
  try await standardStream(0, limit: limit, on: loop).reader
}

/// The process's standard output as a writer.
///
/// Throws ``StreamError/Code/broken`` when the system has no descriptors left; cancellation does not shorten it. As
/// ``standardInput(limit:on:)``. Programs that also `print` mix two orders: flush first. Flush before the loop ends, too: it
/// takes with it what is still waiting for a reader.
public func standardOutput(on loop: EventLoop? = nil) async throws -> StreamWriter {
  try await standardStream(1, limit: StreamReaderProtocol.defaultLimit, on: loop).writer
}

/// The process's standard error as a writer.
///
/// Throws ``StreamError/Code/broken`` when the system has no descriptors left; cancellation does not shorten it. As
/// ``standardOutput(on:)``.
public func standardError(on loop: EventLoop? = nil) async throws -> StreamWriter {
  try await standardStream(2, limit: StreamReaderProtocol.defaultLimit, on: loop).writer
}

private func standardStream(
  _ number: Int32, limit: Int, on loop: EventLoop?
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let loop = try chosenLoop(loop, orThrow: .openFailed)
  let core = try StreamReaderProtocol(loop: loop, limit: limit)
  do {
    try await loop.onLoop { loop throws(UVError) in
      let transport = try loop.makeStandardTransport(number)
      // What is typed at a terminal is for standard input, although the outputs could read it too.
      if number != 0 { transport.pauseReading() }
      transport.start(core)
    }
  } catch { throw StreamError.wrapping(error, as: .openFailed) }
  return core.makeStreams()
}
