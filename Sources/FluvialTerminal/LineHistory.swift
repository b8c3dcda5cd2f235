/// The lines that were submitted, and what became of those that were recalled.
///
/// A recalled line may be edited and left; the edits last until a line is submitted, and so does the draft
/// that was being written when the first line was recalled.
struct LineHistory: Sendable {
  private(set) var entries: [String]
  let limit: Int

  /// The entry that is being edited; `entries.count` stands for the draft.
  private(set) var position: Int
  private var edited: [Int: EditedLine] = [:]

  init(_ entries: [String], limit: Int) {
    self.limit = max(limit, 0)
    self.entries = Array(entries.suffix(self.limit))
    position = self.entries.count
  }

  /// Whether a line is worth going back to.
  static func keeps(_ text: String, after last: String?) -> Bool {
    !text.isEmpty && text.unicodeScalars.first != " " && text != last
  }

  /// Adds a submitted line and goes back to a new draft.
  ///
  /// An empty line, one that starts with a space and one that repeats the last are not kept.
  mutating func add(_ text: String) {
    if Self.keeps(text, after: entries.last) { entries.append(text) }
    if entries.count > limit { entries.removeFirst(entries.count - limit) }
    forgetEdits()
  }

  /// Forgets what was edited; the draft is the current line again.
  mutating func forgetEdits() {
    edited = [:]
    position = entries.count
  }

  /// Returns the line `step` entries away, or nil if there is none, and keeps `line` as it is now.
  mutating func move(_ step: Int, leaving line: EditedLine) -> EditedLine? {
    let target = position + step
    guard 0...entries.count ~= target else { return nil }
    return move(to: target, leaving: line)
  }

  mutating func move(to target: Int, leaving line: EditedLine) -> EditedLine {
    edited[position] = line
    position = target
    return edited[target] ?? EditedLine(entries.indices ~= target ? entries[target] : "")
  }

  /// The nearest entry that contains `query`, and how many characters are before it there.
  ///
  /// Looks at the entry at `start`, then at older or newer ones.
  func search(
    _ query: String, from start: Int, backward: Bool
  ) -> (index: Int, cursor: Int)? {
    var index = start
    while entries.indices ~= index {
      if let offset = Self.offset(of: query, in: entries[index]) {
        let before = entries[index].utf8.prefix(offset)
        return (index, String(decoding: before, as: UTF8.self).count)
      }
      index += backward ? -1 : 1
    }
    return nil
  }

  private static func offset(of query: String, in text: String) -> Int? {
    let wanted = Array(query.utf8)
    let bytes = Array(text.utf8)
    guard let first = wanted.first else { return 0 }
    guard bytes.count >= wanted.count else { return nil }
    for start in 0...(bytes.count - wanted.count) where bytes[start] == first {
      if bytes[start..<(start + wanted.count)].elementsEqual(wanted) { return start }
    }
    return nil
  }
}
