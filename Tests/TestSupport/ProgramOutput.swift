import Glibc

/// Everything a program has written to one descriptor, and how far a test has looked at it.
///
/// Owns the descriptor, which must be non-blocking. Used by one thread.
final class ProgramOutput {
  private(set) var descriptor: Int32
  private(set) var bytes: [UInt8] = []
  private var seen = 0

  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close() }

  var isAtEnd: Bool { descriptor < 0 }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Takes what is there, without waiting.
  func readAvailable() {
    while !isAtEnd {
      let count = unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16_384) { buffer in
        let count = unsafe read(descriptor, buffer.baseAddress, buffer.count)
        if count > 0 { unsafe bytes.append(contentsOf: buffer.prefix(count)) }
        return count
      }
      if count > 0 { continue }
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN { return }
      // A pseudo-terminal says EIO where a pipe says 0.
      close()
    }
  }

  /// The text up to and including the next `wanted`, which later calls no longer see.
  func take(through wanted: String) -> String? {
    let pattern = Array(wanted.utf8)
    var start = seen
    while start + pattern.count <= bytes.count {
      if bytes[start...].starts(with: pattern) {
        let found = bytes[seen..<(start + pattern.count)]
        seen = start + pattern.count
        return String(decoding: found, as: UTF8.self)
      }
      start += 1
    }
    return nil
  }

  func waitFor(_ wanted: String, within limit: Duration) throws(HarnessError) -> String {
    let deadline = Deadline(within: limit)
    while true {
      readAvailable()
      if let found = take(through: wanted) { return found }
      if isAtEnd { throw missing(wanted, "the output ended") }
      var events = [pollfd.reading(descriptor)]
      if try !deadline.wait(for: &events) { throw missing(wanted, "the time was over") }
    }
  }

  func readToEnd(within limit: Duration) throws(HarnessError) {
    let deadline = Deadline(within: limit)
    while true {
      readAvailable()
      if isAtEnd { return }
      var events = [pollfd.reading(descriptor)]
      if try !deadline.wait(for: &events) { throw missing("the end", "the time was over") }
    }
  }

  func close() {
    if !isAtEnd { _ = Glibc.close(descriptor) }
    descriptor = -1
  }

  private func missing(_ wanted: String, _ reason: String) -> HarnessError {
    let rest = String(decoding: bytes[seen...], as: UTF8.self)
    return HarnessError(
      "Waiting for \(wanted.debugDescription), \(reason); there was \(rest.debugDescription).")
  }
}
