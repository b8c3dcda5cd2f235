extension LineEditor {
  /// A search through the history, letter by letter.
  ///
  /// While it goes on, ``prompt`` should be shown in the place of the usual one.
  public struct Search: Sendable {
    /// What is looked for.
    public internal(set) var query = ""

    /// Whether the search goes to older lines.
    public internal(set) var isBackward: Bool

    /// Whether no line has the query; the last one that had a part of it stays.
    public internal(set) var hasFailed = false

    /// A prompt that says all this.
    public var prompt: SafeText {
      let state: SafeText = hasFailed ? "not found" : isBackward ? "search back" : "search on"
      return "(\(state): \(sanitizing: query)) "
    }

    static let queryLimit = 256

    var found: Int?
    let origin: EditedLine
  }

  mutating func beginSearch(backward: Bool) {
    search = Search(isBackward: backward, origin: line)
    isChanged = true
  }

  mutating func extendSearch(_ text: String) -> [Action] {
    guard var current = search else { return [] }
    guard current.query.count + text.count <= Search.queryLimit else { return [.bell] }
    current.query += text
    search = current
    return look(from: current.found ?? firstCandidate)
  }

  /// Does what `command` means during a search.
  ///
  /// Returns nil if it only ends the search, with the line that was found, and is then to be run itself.
  mutating func runInSearch(_ command: LineCommand) -> [Action]? {
    guard var current = search else { return nil }
    switch command {
    case .searchBackward, .searchForward:
      current.isBackward = command == .searchBackward
      if current.query.isEmpty { current.query = lastQuery }
      search = current
      isChanged = true
      return current.query.isEmpty ? [] : look(from: nextCandidate(current))
    case .deleteBackward:
      guard !current.query.isEmpty else { return [.bell] }
      current.query.removeLast()
      current.found = nil
      search = current
      line = current.origin
      return current.query.isEmpty ? look(from: -1) : look(from: firstCandidate)
    case .cancel, .interrupt:
      line = current.origin
      endSearch(current)
      return []
    case .leaveSearch:
      accept(current)
      return []
    case .redraw, .suspend: return run(command)
    default:
      accept(current)
      return nil
    }
  }

  private var firstCandidate: Int {
    let count = lines.entries.count
    let position = lines.position
    if search?.isBackward == true { return min(position, count - 1) }
    return position < count ? position : 0
  }

  /// The next entry to look at that is not what is shown already.
  private func nextCandidate(_ current: Search) -> Int {
    guard let found = current.found else { return firstCandidate }
    let step = current.isBackward ? -1 : 1
    var index = found + step
    while lines.entries.indices ~= index, lines.entries[index] == lines.entries[found] {
      index += step
    }
    return index
  }

  private mutating func look(from start: Int) -> [Action] {
    guard var current = search else { return [] }
    isChanged = true
    current.hasFailed = false
    defer { search = current }
    guard !current.query.isEmpty else { return [] }
    guard
      let match = lines.search(current.query, from: start, backward: current.isBackward)
    else {
      current.hasFailed = true
      return [.bell]
    }
    current.found = match.index
    line = EditedLine(lines.entries[match.index])
    line.move(to: match.cursor)
    return []
  }

  private mutating func accept(_ current: Search) {
    if let found = current.found {
      let cursor = line.buffer.cursor
      line = lines.move(to: found, leaving: current.origin)
      // A line that was edited before comes back as it was left, and may be another one by now.
      line.move(to: cursor)
    }
    endSearch(current)
  }

  private mutating func endSearch(_ current: Search) {
    if !current.query.isEmpty { lastQuery = current.query }
    search = nil
    last = .other
    isChanged = true
  }
}
