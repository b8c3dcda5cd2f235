internal import FluvialPrimitives

/// A prompt without a screen: lines from standard input, text to standard output, and not one escape sequence of ours.
final class LineSession: Sendable {
  private let reader: StreamReader
  private let writer: StreamWriter
  private let maxLineLength: Int
  /// What became of the output.
  private struct Loss {
    /// Why nothing can be written any more.
    var error: (any Error)?
    /// How many lines found no room.
    var lines = 0
  }
  private let loss = Lock(Loss())

  init(options: PromptOptions, on loop: EventLoop) async throws {
    maxLineLength = max(options.maxLineLength, 1)
    reader = try await standardInput(on: loop)
    writer = try await standardOutput(on: loop)
    // What nobody reads for long is dropped in the end: a program that prints must not wait.
    writer.bufferLimits = try WriteBufferLimits(low: 1 << 20, high: 4 << 20)
  }

  /// The next line, whatever its bytes; then the end.
  func next() async throws -> PromptEvent {
    // What would be the use of more?
    if loss.withLock({ $0.error != nil }) { return .endOfInput }
    guard let bytes = try await reader.readLineBytes(maxLength: maxLineLength) else {
      return .endOfInput
    }
    return .line(String(decoding: bytes, as: UTF8.self))
  }

  func print(_ line: SafeText) {
    do {
      let hasRoom = try writer.tryWrite(Array((line.plain + "\n").utf8))
      if !hasRoom { loss.withLock { $0.lines += 1 } }
    } catch {
      loss.withLock { $0.error = $0.error ?? error }
    }
  }

  /// Waits until everything was written; on a terminal, which may be stopped, not for long.
  ///
  /// Throws ``StreamError`` when it could not be written, except where a terminal did not take it.
  func finish(outputIsTerminal: Bool) async throws {
    do {
      if outputIsTerminal {
        try await withTimeout(.seconds(1)) { [writer] in try await writer.flush() }
      } else {
        try await writer.flush()
      }
    } catch is TimeoutError, is CancellationError {
    } catch {
      loss.withLock { $0.error = $0.error ?? error }
    }
    writer.abort()
    _ = await writer.waitClosed()
    try loss.withLock { loss in
      if let error = loss.error { throw Self.failure("\(Self.reason(of: error))", error) }
      if loss.lines > 0, !outputIsTerminal {
        throw Self.failure("nobody read it for long, and \(loss.lines) line(s) found no room")
      }
    }
  }

  private static func reason(of error: any Error) -> String {
    (error as? StreamError)?.cause.map { "\($0)" } ?? "\(error)"
  }

  private static func failure(_ reason: String, _ error: (any Error)? = nil) -> StreamError {
    StreamError(
      .broken, "Standard output was lost: \(reason).", cause: (error as? StreamError)?.cause)
  }
}
