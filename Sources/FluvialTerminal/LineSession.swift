internal import FluvialPrimitives

/// A prompt without a screen: lines from standard input, text to standard output, and not one escape sequence of ours.
final class LineSession: Sendable {
  private let reader: StreamReader
  private let writer: StreamWriter
  private let maxLineLength: Int
  /// Whether nobody reads the output any more.
  private let isUnheard = Lock(false)

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
    if isUnheard.withLock({ $0 }) { return .endOfInput }
    guard let bytes = try await reader.readLineBytes(maxLength: maxLineLength) else {
      return .endOfInput
    }
    return .line(String(decoding: bytes, as: UTF8.self))
  }

  func print(_ line: SafeText) {
    do {
      _ = try writer.tryWrite(Array((line.plain + "\n").utf8))
    } catch {
      isUnheard.withLock { $0 = true }
    }
  }

  /// Waits until everything was written; on a terminal, which may be stopped, not for long.
  func finish(outputIsTerminal: Bool) async {
    if outputIsTerminal {
      try? await withTimeout(.seconds(1)) { [writer] in try await writer.flush() }
    } else {
      try? await writer.flush()
    }
    writer.abort()
    _ = await writer.waitClosed()
  }
}
