/// The pieces of text that were killed last, and which of them a yank inserts.
struct KillRing: Sendable {
  enum Direction {
    case forward
    case backward
  }

  /// How many pieces are kept.
  static let limit = 60

  private var pieces: [String] = []
  private var offset = 0

  /// Adds a piece, joined to the last one if the kill before it was not interrupted.
  mutating func add(_ text: String, _ direction: Direction, joinsLast: Bool) {
    offset = 0
    guard joinsLast, let last = pieces.popLast() else {
      pieces.append(text)
      if pieces.count > Self.limit { pieces.removeFirst() }
      return
    }
    let joined = direction == .forward ? last + text : text + last
    // A line cannot hold more, so nothing more could be yanked.
    pieces.append(joined.utf8.count <= LineBuffer.byteLimit ? joined : last)
  }

  /// The newest piece.
  mutating func newest() -> String? {
    offset = 0
    return pieces.last
  }

  /// The piece before the one that was returned last; the newest again after the oldest.
  mutating func older() -> String? {
    guard !pieces.isEmpty else { return nil }
    offset = (offset + 1) % pieces.count
    return pieces[pieces.count - 1 - offset]
  }
}
