internal import FluvialPrimitives
internal import FluvialTransports

/// Writes a prompt's lines to their file, in order, where nobody waits for the disk.
final class HistorySaver: Sendable {
  private let lines = Mailbox<String>()
  private let task: Task<Void, Never>

  /// `complain` gets the first failure; what comes after it is tried all the same.
  init(_ file: HistoryFile, complain: @escaping @Sendable (UVError) -> Void) {
    task = Task.detached { [lines] in
      var last: String?
      var hasComplained = false
      while let line = try? await lines.next() {
        guard LineHistory.keeps(line, after: last) else { continue }
        last = line
        do throws(UVError) { try file.append(line) } catch {
          if !hasComplained { complain(error) }
          hasComplained = true
        }
      }
    }
  }

  func save(_ line: String) { lines.put(line) }

  /// Waits until everything is in the file.
  func finish() async {
    lines.end()
    await task.value
  }
}
