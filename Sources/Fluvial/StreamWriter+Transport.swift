internal import FluvialPrimitives
public import FluvialTransports

extension StreamWriter {
  /// The transport below, for what only that can do; nil once the connection is gone.
  ///
  /// asyncio's `StreamWriter.transport`. The box opens on the loop. Leave reading, writing and closing to the streams.
  public var transport: LoopBound<any Transport>? { core.link.withLock(\.transport) }
}
