/// The newest of the lines that were printed: so many, and no more than so many bytes.
///
/// The limit on bytes is there because one line may be a mebibyte of somebody's making.
struct LineStore: Sendable {
  static let lineLimit = 500
  static let byteLimit = 4 << 20

  private(set) var lines: [SafeText] = []
  private var byteCount = 0

  mutating func append(_ line: SafeText) {
    lines.append(line)
    byteCount += line.byteCount
  }

  /// Drops the oldest lines over the limits and returns how many those were.
  ///
  /// With `slack`, only when there are twice as many, because dropping one moves all the others.
  @discardableResult
  mutating func trim(slack: Bool = false) -> Int {
    let factor = slack ? 2 : 1
    guard lines.count > factor * Self.lineLimit || byteCount > factor * Self.byteLimit else {
      return 0
    }
    var excess = 0
    // The newest line stays, whatever its size.
    while excess < lines.count - 1,
      lines.count - excess > Self.lineLimit || byteCount > Self.byteLimit
    {
      byteCount -= lines[excess].byteCount
      excess += 1
    }
    lines.removeFirst(excess)
    return excess
  }

  mutating func removeAll() { self = LineStore() }
}

extension SafeText {
  fileprivate var byteCount: Int { runs.reduce(0) { $0 + $1.text.utf8.count } }
}
