import Fluvial

/// Two connections that are one: what comes in here goes out there.
struct Relay: Sendable {
  let host: String
  let port: Int

  private static let pieceSize = 64 * 1024

  /// One connection, from the first byte to the end of both directions.
  ///
  /// An error on either side ends both: one by `withConnection`, the other because it is thrown from the handler. The
  /// server tells the log, which is standard error unless a program chooses another one.
  func serve(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    try await withConnection(host: host, port: port) { farReader, farWriter in
      try await withThrowingTaskGroup { directions in
        directions.addTask { try await forward(reader, to: farWriter) }
        directions.addTask { try await forward(farReader, to: writer) }
        try await directions.waitForAll()
      }
    }
  }

  /// One direction.
  ///
  /// Nothing piles up: `write` waits for room, meanwhile nobody reads, and the reader's limit and TCP hold the sender.
  private func forward(_ reader: StreamReader, to writer: StreamWriter) async throws {
    while let bytes = try await reader.read(upTo: Self.pieceSize) { try await writer.write(bytes) }
    // This direction is over, and that is all: the answer may still be on its way.
    try writer.writeEOF()
  }
}
