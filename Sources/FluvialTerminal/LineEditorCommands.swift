// What the keys do that change the line or move in it.
extension LineEditor {
  mutating func run(_ command: LineCommand) -> [Action] {
    let previous = last
    last = .other
    if command != .complete, command != .completeBackward { completion = nil }
    if command != .yank, command != .yankOlder { yankBase = nil }
    let buffer = line.buffer
    let cursor = buffer.cursor
    let end = buffer.characters.count
    switch command {
    case .submit: return submit()
    case .moveToStart: line.move(to: 0)
    case .moveToEnd: line.move(to: end)
    case .moveLeft: line.move(to: cursor - 1)
    case .moveRight: line.move(to: cursor + 1)
    case .moveWordLeft: line.move(to: buffer.wordStart(before: cursor))
    case .moveWordRight: line.move(to: buffer.wordEnd(after: cursor))
    case .deleteBackward: if cursor > 0 { line.replace((cursor - 1)..<cursor, with: "") }
    case .deleteForward: if cursor < end { line.replace(cursor..<(cursor + 1), with: "") }
    case .deleteForwardOrEnd:
      if end == 0 { return [.endOfInput] }
      if cursor < end { line.replace(cursor..<(cursor + 1), with: "") }
    case .killSpacedWordBackward:
      kill(buffer.spacedWordStart(before: cursor)..<cursor, .backward, previous)
    case .killWordBackward: kill(buffer.wordStart(before: cursor)..<cursor, .backward, previous)
    case .killWordForward: kill(cursor..<buffer.wordEnd(after: cursor), .forward, previous)
    case .killToStart: kill(0..<cursor, .backward, previous)
    case .killToEnd: kill(cursor..<end, .forward, previous)
    case .yank: return yank(kills.newest())
    case .yankOlder:
      guard previous == .yank, let yankBase else { return [.bell] }
      line = yankBase
      return yank(kills.older())
    case .undo: return line.undo() ? [] : [.bell]
    case .redo: return line.redo() ? [] : [.bell]
    case .previousLine: return recall(-1)
    case .nextLine: return recall(1)
    case .searchBackward: beginSearch(backward: true)
    case .searchForward: beginSearch(backward: false)
    case .complete: return complete(1, continuing: previous == .completion)
    case .completeBackward: return complete(-1, continuing: previous == .completion)
    case .transpose: transpose()
    case .redraw: return [.redraw]
    case .suspend: return [.suspend]
    case .leaveSearch, .cancel, .interrupt, .insertLiterally, .prefix: break
    }
    return []
  }

  private mutating func kill(
    _ range: Range<Int>, _ direction: KillRing.Direction, _ previous: Last
  ) {
    guard !range.isEmpty else { return }
    let text = String(line.buffer.characters[range])
    kills.add(text, direction, joinsLast: previous == .kill)
    line.replace(range, with: "")
    last = .kill
  }

  private mutating func yank(_ text: String?) -> [Action] {
    guard let text else { return [.bell] }
    last = .yank
    yankBase = line
    return insert(text) ? [] : [.bell]
  }

  private mutating func recall(_ step: Int) -> [Action] {
    guard var recalled = lines.move(step, leaving: line) else { return [.bell] }
    recalled.move(to: recalled.buffer.characters.count)
    line = recalled
    return []
  }

  /// Exchanges the characters around the cursor; at the end of the line the last two.
  private mutating func transpose() {
    let characters = line.buffer.characters
    guard characters.count > 1, line.buffer.cursor > 0 else { return }
    let middle = min(line.buffer.cursor, characters.count - 1)
    let swapped = String([characters[middle], characters[middle - 1]])
    line.replace((middle - 1)..<(middle + 1), with: swapped)
  }
}
