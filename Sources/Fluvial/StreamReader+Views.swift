extension StreamReader {
  /// The lines that come, without their terminators: asyncio's `async for line in reader`.
  ///
  /// A view: leave the loop and iterate again later, and it goes on with the next line.
  public var lines: Lines { Lines(reader: self) }

  /// The bytes as they come, at most 64 KiB at a time.
  ///
  /// A view, as ``lines``.
  public var chunks: Chunks { Chunks(reader: self) }

  /// The lines of a reader; each one ``StreamReader/readLine(maxLength:)``.
  public struct Lines: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let reader: StreamReader

    /// The next line, or nil at the end.
    ///
    /// Throws what ``StreamReader/readLine(maxLength:)`` does. Cancelled while it waits, it has taken nothing.
    public func next() async throws -> String? { try await reader.readLine() }

    /// The next line, or nil at the end.
    ///
    /// Throws what ``StreamReader/readLine(maxLength:)`` does. Cancelled while it waits, it has taken nothing.
    public func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> String? {
      try await reader.readLine()
    }

    /// The view itself: it has no place of its own.
    public func makeAsyncIterator() -> Lines { self }
  }

  /// The chunks of a reader; each one ``StreamReader/read(upTo:)``.
  public struct Chunks: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let reader: StreamReader

    /// The next bytes, or nil at the end.
    ///
    /// Throws what ``StreamReader/read(upTo:)`` does. Cancelled while it waits, it has taken nothing.
    public func next() async throws -> [UInt8]? { try await reader.read(upTo: 64 * 1024) }

    /// The next bytes, or nil at the end.
    ///
    /// Throws what ``StreamReader/read(upTo:)`` does. Cancelled while it waits, it has taken nothing.
    public func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> [UInt8]? {
      try await reader.read(upTo: 64 * 1024)
    }

    /// The view itself: it has no place of its own.
    public func makeAsyncIterator() -> Chunks { self }
  }
}
