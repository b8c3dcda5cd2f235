import Fluvial
import FluvialTerminal
import Glibc

/// A program that asks for what it may not have, and says what it gets; each step waits for a line.
enum OwnershipProbe {
  static func run() async throws {
    print("a pipe: \(await failure { try await openPipe() })")
    let terminal = try await Terminal.open()
    print("a second terminal: \(await failure { _ = try await Terminal.open() })")
    try await terminal.withMode(.cbreak) {
      try await read(terminal)
      try await terminal.withMode(.raw) {
        try await terminal.withMode(.cooked) { await step(terminal, "cooked inside raw") }
        await step(terminal, "raw again")
      }
      await step(terminal, "cbreak again")
    }
    await step(terminal, "as it was")
    let keys = terminal.keys
    async let end = keys.next()
    await terminal.close()
    print("after the close: \(try await end == nil ? "the end" : "a key")")
    print("a mode after the close: \(await failure { try await terminal.withMode(.raw) {} })")
    let again = try await Terminal.open()
    print("a terminal again")
    await again.close()
  }

  /// Two readers, and one that gives up.
  private static func read(_ terminal: Terminal) async throws {
    let keys = terminal.keys
    let waiting = Task(executorPreference: terminal.loop.taskExecutor) { try await keys.next() }
    // The first one reads when the size has been asked for: both go through the loop.
    await Task.yield()
    _ = await terminal.size
    print("a second reader: \(await failure { _ = try await terminal.keys.next() })")
    waiting.cancel()
    print("a reader that gave up: \(await failure { _ = try await waiting.value })")
    print("type")
    print("its key: \(try await keys.next().map { "\($0)" } ?? "none")")
  }

  /// Says where it is and waits for a line.
  private static func step(_ terminal: Terminal, _ words: String) async {
    print(words)
    var seen: [UInt8] = []
    guard
      (try? await {
        for try await bytes in terminal.bytes {
          seen += bytes
          if seen.contains(where: { $0 == 10 || $0 == 13 }) { return }
        }
      }()) != nil
    else { return }
  }

  private static func openPipe() async throws {
    var ends: [Int32] = [0, 0]
    guard unsafe pipe(&ends) == 0 else { throw ProbeError() }
    defer { for end in ends { close(end) } }
    _ = try await Terminal.open(ends[0])
  }

  private static func failure(_ body: () async throws -> Void) async -> String {
    do {
      try await body()
      return "no error"
    } catch let error as UVError {
      return error.name
    } catch {
      return "\(type(of: error))"
    }
  }

  private static func print(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe write(STDOUT_FILENO, bytes, bytes.count)
  }
}
