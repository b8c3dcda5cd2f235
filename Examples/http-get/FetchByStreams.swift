import Fluvial

/// Fetches with a reader and a writer, showing the answer as it comes.
///
/// An output that is slow makes the server wait, by `show`, the reader's limit and TCP; memory stays bounded.
func fetchByStreams(_ request: Request, to output: Output) async throws {
  try await withConnection(host: request.host, port: request.port) { reader, writer in
    try await writer.write(request.text)
    var parser = ResponseParser(answerTo: request)
    while !parser.isComplete {
      guard let bytes = try await reader.read(upTo: 64 * 1024) else {
        try parser.finish()
        break
      }
      try await output.show(parser.feed(bytes.span))
    }
  }
}
