import Fluvial

/// The calculator that all connections share.
///
/// An actor that lives on the event loop, as the connections do: its names need no lock, and no call here changes
/// threads. While one connection waits for its next line, the others calculate.
actor Calculator {
  private static let longestLine = 1000
  private static let mostNames = 1000

  private let loop: EventLoop
  private var values: [String: Double] = [:]

  /// The one line that puts an actor on a loop.
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  init(on loop: EventLoop) { self.loop = loop }

  /// One connection, from its first line to its last.
  func serve(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    while true {
      do {
        guard let line = try await reader.readLine(maxLength: Self.longestLine) else { return }
        try await writer.writeLine(answer(to: line))
      } catch let error as StreamError where error.code == .limitOverrun {
        // The rest of the line is skipped by itself: the next read is the next line.
        try await writer.writeLine("? a line has at most \(Self.longestLine) bytes")
      } catch let error as StreamError where error.code == .invalidUTF8 {
        try await writer.writeLine("? that is no text")
      }
    }
  }

  /// What a line comes to: a number, a name with its new number, or a question mark and what is wrong.
  func answer(to line: String) -> String {
    do {
      var expression = Expression(line, values: values)
      let (name, value) = try expression.evaluate()
      guard let name else { return text(of: value) }
      guard values.count < Self.mostNames || values[name] != nil else {
        return "? there are \(Self.mostNames) names already"
      }
      values[name] = value
      return "\(name) = \(text(of: value))"
    } catch { return "? \(error.message)" }
  }

  /// Whole numbers without `.0`, as long as a `Double` knows them exactly.
  private func text(of value: Double) -> String {
    Int(exactly: value).flatMap { $0.magnitude < 1 << 53 ? "\($0)" : nil } ?? "\(value)"
  }
}
