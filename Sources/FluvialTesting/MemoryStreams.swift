public import Fluvial
internal import FluvialTransports

/// One end of a connection.
public typealias StreamEnd = (reader: StreamReader, writer: StreamWriter)

/// Two connected streams in memory, on one loop, that behave as two ends of a socket.
///
/// `capacity` is what each direction holds between them, as a kernel would; water marks, limits and closing are those of
/// any connection. `faults` go wrong in both directions. Throws ``/Fluvial/StreamError/Code/invalidArgument`` when
/// `capacity` or `limit` is not positive, or a fault is out of its range. Waits for the loop's turn only, which
/// cancellation does not shorten.
public func memoryStreamPair(
  capacity: Int = 64 * 1024, limit: Int = StreamReaderProtocol.defaultLimit,
  faults: StreamFaults? = nil, on loop: EventLoop? = nil
) async throws -> (StreamEnd, StreamEnd) {
  guard capacity > 0 else {
    throw StreamError(.invalidArgument, "The capacity must be positive, not \(capacity).")
  }
  try faults?.check()
  let loop = try EventLoop.chosen(loop)
  let first = try StreamReaderProtocol(loop: loop, limit: limit)
  let second = try StreamReaderProtocol(loop: loop, limit: limit)
  await loop.onLoop { loop in
    let seed = faults?.seed ?? 0
    let there = MemoryPipe(capacity: capacity, faults: faults, seed: seed)
    let back = MemoryPipe(capacity: capacity, faults: faults, seed: seed &+ 1)
    MemoryTransport(incoming: back, outgoing: there, on: loop).start(first)
    MemoryTransport(incoming: there, outgoing: back, on: loop).start(second)
  }
  return (first.makeStreams(), second.makeStreams())
}
