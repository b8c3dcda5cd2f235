internal import Glibc

/// One or several byte strings that end a record; the earliest-ending match wins.
///
/// A class, so that a waiting read carries one reference around instead of arrays.
final class Separators: Sendable {
  let patterns: [[UInt8]]
  let longest: Int

  static let newline = Separators(unchecked: [[10]])

  private init(unchecked patterns: [[UInt8]]) {
    self.patterns = patterns
    longest = patterns.lazy.map(\.count).max() ?? 0
  }

  convenience init(_ patterns: [[UInt8]]) throws(StreamError) {
    guard !patterns.isEmpty else { throw .invalid("At least one separator is needed.") }
    guard !patterns.contains(where: \.isEmpty) else {
      throw .invalid("A separator must not be empty.")
    }
    self.init(unchecked: patterns)
  }

  struct Match {
    /// Where the separator starts and ends.
    let start: Int
    let end: Int
  }

  /// The match that ends first in `bytes`, of which the first `scanned` are known to hold none.
  func firstMatch(in bytes: UnsafeBufferPointer<UInt8>, scanned: Int) -> Match? {
    guard let base = bytes.baseAddress else { return nil }
    if self === Separators.newline {
      guard scanned < bytes.count,
        let found = unsafe memchr(base + scanned, 10, bytes.count - scanned)
      else { return nil }
      let start = unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
      return Match(start: start, end: start + 1)
    }
    var best: Match?
    for pattern in patterns {
      let limit = best?.end ?? bytes.count
      var from = max(0, scanned - (pattern.count - 1))
      while from + pattern.count <= limit,
        let found = unsafe memchr(base + from, Int32(pattern[0]), limit - pattern.count + 1 - from)
      {
        let start = unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        let end = start + pattern.count
        if unsafe pattern.count == 1 || memcmp(found, pattern, pattern.count) == 0 {
          // Of two that end together the longer one: CRLF before LF, in whatever order they were given.
          if best.map({ (end, start) < ($0.end, $0.start) }) ?? true {
            best = Match(start: start, end: end)
          }
          break
        }
        from = start + 1
      }
    }
    return best
  }
}
