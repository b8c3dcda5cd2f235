/// One line of text being edited, as the characters that a user sees, with a cursor between them.
///
/// Always divided exactly as Swift divides the whole text: an inserted mark, joiner or regional indicator
/// joins its neighbours, and a removal may join what it leaves.
public struct LineBuffer: Sendable, Hashable {
  /// How many characters a line holds at most.
  public static let characterLimit = 65_536

  /// How many bytes of UTF-8 a line holds at most; a single character can have any number.
  public static let byteLimit = 1 << 20

  /// The characters of the line.
  public private(set) var characters: [Character] = []

  /// Where the cursor is: the number of characters before it.
  public private(set) var cursor = 0

  private var byteCount = 0

  /// Creates an empty line.
  public init() {}

  /// Creates a line with the cursor at its end.
  ///
  /// What is over the limits is cut.
  public init(_ text: String) {
    insert(text)
  }

  /// The whole text.
  public var text: String { String(characters) }

  /// The text before the cursor.
  public var textBeforeCursor: String { String(characters[..<cursor]) }

  /// Whether the line has no text.
  public var isEmpty: Bool { characters.isEmpty }

  /// Puts the cursor behind the first `position` characters, or as near as it can.
  public mutating func move(to position: Int) {
    cursor = min(max(position, 0), characters.count)
  }

  /// Inserts text at the cursor, which ends behind it.
  ///
  /// Returns whether all of it fitted.
  @discardableResult
  public mutating func insert(_ text: String) -> Bool {
    replace(cursor..<cursor, with: text).isComplete
  }

  /// Removes the characters in `range`, as far as they exist; the cursor ends there.
  public mutating func remove(_ range: Range<Int>) {
    _ = replace(range, with: "")
  }

  /// Where the word that contains `position`, or is before it, begins: a word is letters and digits.
  public func wordStart(before position: Int) -> Int {
    start(before: start(before: position) { !$0.isWordPart }) { $0.isWordPart }
  }

  /// Where the word that contains `position`, or is behind it, ends.
  public func wordEnd(after position: Int) -> Int {
    end(after: end(after: position) { !$0.isWordPart }) { $0.isWordPart }
  }

  /// Where the run of characters without white space begins that is before `position`.
  public func spacedWordStart(before position: Int) -> Int {
    start(before: start(before: position) { $0.isWhitespace }) { !$0.isWhitespace }
  }

  /// Puts `text` in the place of the characters in `range`, and the cursor behind it.
  mutating func replace(_ range: Range<Int>, with text: String) -> (
    edit: LineEdit, isComplete: Bool
  ) {
    let lower = min(max(range.lowerBound, 0), characters.count)
    let upper = min(max(range.upperBound, lower), characters.count)
    let fitting = fitting(text, instead: lower..<upper)

    // Only neighbours can be affected. How far to the right is known once an old boundary is met again:
    // from a common boundary on, both divisions go on alike.
    let start = max(lower - 1, 0)
    let head = String(characters[start..<lower]) + fitting.text
    var end = upper
    var lookahead = 1
    var divided = Array(head)
    while end < characters.count {
      end = min(upper + lookahead, characters.count)
      divided = Array(head + String(characters[upper..<end]))
      if divided.last?.utf8.count == characters[end - 1].utf8.count { break }
      lookahead *= 2
    }

    var edit = LineEdit(
      position: start, removed: Array(characters[start..<end]), inserted: divided,
      cursorBefore: cursor,
      cursorAfter: start + Self.count(divided, startingBefore: head.utf8.count))
    edit.trim()
    apply(edit)
    return (edit, fitting.isComplete)
  }

  mutating func apply(_ edit: LineEdit) {
    let end = min(edit.position + edit.removed.count, characters.count)
    guard edit.position <= end else { return }
    byteCount += edit.inserted.utf8Count - characters[edit.position..<end].utf8Count
    characters.replaceSubrange(edit.position..<end, with: edit.inserted)
    move(to: edit.cursorAfter)
  }

  /// Cuts `text` to what the limits leave when `range` is gone.
  private func fitting(_ text: String, instead range: Range<Int>) -> (
    text: String, isComplete: Bool
  ) {
    var room = Self.characterLimit - (characters.count - range.count)
    var byteRoom = Self.byteLimit - (byteCount - characters[range].utf8Count)
    let byteCount = text.utf8.count
    if byteCount <= byteRoom, byteCount <= room { return (text, true) }
    var end = text.startIndex
    while end < text.endIndex {
      byteRoom -= text[end].utf8.count
      room -= 1
      if room < 0 || byteRoom < 0 { return (String(text[..<end]), false) }
      end = text.index(after: end)
    }
    return (text, true)
  }

  private static func count(_ divided: [Character], startingBefore limit: Int) -> Int {
    var offset = 0
    var count = 0
    for character in divided where offset < limit {
      offset += character.utf8.count
      count += 1
    }
    return count
  }

  private func start(before position: Int, while isIncluded: (Character) -> Bool) -> Int {
    var index = min(max(position, 0), characters.count)
    while index > 0, isIncluded(characters[index - 1]) { index -= 1 }
    return index
  }

  private func end(after position: Int, while isIncluded: (Character) -> Bool) -> Int {
    var index = min(max(position, 0), characters.count)
    while index < characters.count, isIncluded(characters[index]) { index += 1 }
    return index
  }
}

extension Character {
  fileprivate var isWordPart: Bool { isLetter || isNumber }
}

extension Sequence<Character> {
  fileprivate var utf8Count: Int { reduce(0) { $0 + $1.utf8.count } }
}
