internal import FluvialPrimitives
internal import FluvialTransports

/// Writes a prompt's lines to their file, in order, where nobody waits for the disk.
final class HistorySaver: Sendable {
  private let lines = Mailbox<String>()
  private let done = OneShotWait<Bool>()

  /// How long the end of a session waits for a disk that does not answer.
  private static let patience = Duration.seconds(1)

  /// `last` is the newest line that the file has; `complain` gets the first failure, and what comes after it is tried all
  /// the same.
  init(
    _ file: HistoryFile, after last: String?, complain: @escaping @Sendable (UVError) -> Void
  ) {
    Task.detached { [lines, done] in
      var last = last
      var hasComplained = false
      while let line = try? await lines.next() {
        guard LineHistory.keeps(line, after: last) else { continue }
        last = line
        do throws(UVError) { try file.append(line) } catch {
          if !hasComplained { complain(error) }
          hasComplained = true
        }
      }
      done.finish(true)
    }
  }

  func save(_ line: String) { lines.put(line) }

  /// Waits until everything is in the file, a second at most: leaving must not depend on a disk.
  func finish(on loop: EventLoop) async {
    lines.end()
    let limit = await loop.onLoop { [done] loop in
      loop.schedule(after: Self.patience) { done.finish(false) }
    }
    _ = await done.wait()
    limit.cancel()
  }
}
