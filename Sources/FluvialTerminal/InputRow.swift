/// The one row in which a line is edited: the prompt, and as much of the line as fits around the cursor.
///
/// Nothing is drawn in the last column, where terminals differ in when they wrap, and no more than fits on a
/// terminal that makes the most of every character: a row that wrapped would scroll the whole screen.
struct InputRow: Sendable {
  var prompt = SafeText()
  var line = LineBuffer()
  /// The first character that is shown.
  private var first = 0

  /// The least room for the line; the prompt is cut for it.
  private static let leastRoom = 2

  /// Returns what draws the row from wherever the cursor is in it.
  ///
  /// Every movement starts at column 0, so a terminal that disagrees about a width spoils one cell only.
  mutating func rendered(columns: Int, inColor: Bool) -> String {
    let usable = max(columns - 1, 0)
    let prompt = prompt.prefix(columns: max(usable - Self.leastRoom, 0))
    let room = max(usable - greatestWidth(of: prompt.plain), 0)
    scroll(into: room)

    var text = ""
    var used = 0
    var width = 0
    var cursorColumn = 0
    var index = first
    while index < line.characters.count {
      if index == line.cursor { cursorColumn = width }
      let cell = Self.cell(line.characters[index])
      used += greatestWidth(of: cell)
      if used > room { break }
      text += cell
      width += displayWidth(of: cell)
      index += 1
    }
    if line.cursor >= index { cursorColumn = width }

    let column = prompt.width + cursorColumn
    let move = column > 0 ? "\u{1B}[\(column)C" : ""
    return "\r\u{1B}[K" + prompt.rendered(inColor: inColor) + text + "\r" + move
  }

  /// Changes `first` as little as it takes to show the cursor and to leave no room unused.
  private mutating func scroll(into room: Int) {
    let cursor = line.cursor
    let underCursor = cursor < line.characters.count ? width(at: cursor) : 0
    first = min(first, start(endingAt: line.characters.count, room: room))
    first = max(first, start(endingAt: cursor, room: room - min(underCursor, room)))
    first = min(first, cursor)
  }

  /// The first character of the longest part that ends before `end` and fits.
  private func start(endingAt end: Int, room: Int) -> Int {
    var room = room
    var index = end
    while index > 0 {
      room -= width(at: index - 1)
      if room < 0 { break }
      index -= 1
    }
    return index
  }

  private func width(at index: Int) -> Int {
    greatestWidth(of: Self.cell(line.characters[index]))
  }

  /// What stands for a character in the row: a line feed is seen, and so are other controls.
  ///
  /// A character that would join the one before it stands there only because the two are apart in the line:
  /// behind a control character or in front of everything. It has to stay apart.
  private static func cell(_ character: Character) -> String {
    if let ascii = character.asciiValue, 0x20..<0x7F ~= ascii { return String(character) }
    var sanitizer = Sanitizer()
    for scalar in character.unicodeScalars {
      sanitizer.append(scalar == "\n" ? "⏎" : scalar)
    }
    let joinsOthers = ("a" + sanitizer.output).count == 1
    return joinsOthers || displayWidth(of: sanitizer.output) == 0 ? "\u{FFFD}" : sanitizer.output
  }
}
