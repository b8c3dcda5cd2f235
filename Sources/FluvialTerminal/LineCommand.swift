/// What a key does in the line editor.
enum LineCommand: Sendable, Hashable {
  case submit
  case moveToStart
  case moveToEnd
  case moveLeft
  case moveRight
  case moveWordLeft
  case moveWordRight
  case deleteBackward
  case deleteForward
  case deleteForwardOrEnd
  case killSpacedWordBackward
  case killWordBackward
  case killWordForward
  case killToStart
  case killToEnd
  case yank
  case yankOlder
  case undo
  case redo
  case previousLine
  case nextLine
  case searchBackward
  case searchForward
  case leaveSearch
  case cancel
  case complete
  case completeBackward
  case transpose
  case redraw
  case interrupt
  case suspend
  case insertLiterally
  case prefix

  /// The command that a key stands for, if any.
  init?(_ key: Key, _ modifiers: KeyModifiers) {
    let found: LineCommand?
    switch key {
    case .character(let character) where modifiers == .control: found = Self.control[character]
    case .character(let character) where modifiers == .alt: found = Self.alt[character]
    // How a keyboard that reports keys rather than characters spells the underscore.
    case .character("-") where modifiers == [.control, .shift]: found = .undo
    case .character("-") where modifiers == [.alt, .shift]: found = .redo
    case .character: found = nil
    default: found = Self.named(key, modifiers)
    }
    guard let found else { return nil }
    self = found
  }

  private static func named(_ key: Key, _ modifiers: KeyModifiers) -> LineCommand? {
    let byWord = !modifiers.isDisjoint(with: [.control, .alt])
    switch key {
    case .enter: return .submit
    case .tab: return modifiers.contains(.shift) ? .completeBackward : .complete
    case .backspace: return byWord ? .killWordBackward : .deleteBackward
    case .delete: return byWord ? .killWordForward : .deleteForward
    case .left: return byWord ? .moveWordLeft : .moveLeft
    case .right: return byWord ? .moveWordRight : .moveRight
    case .home: return .moveToStart
    case .end: return .moveToEnd
    case .up: return .previousLine
    case .down: return .nextLine
    case .escape: return .leaveSearch
    case .character, .pageUp, .pageDown, .insert, .function: return nil
    }
  }

  private static let control: [Character: LineCommand] = [
    "a": .moveToStart, "b": .moveLeft, "c": .interrupt, "d": .deleteForwardOrEnd, "e": .moveToEnd,
    "f": .moveRight, "g": .cancel, "h": .deleteBackward, "i": .complete, "j": .submit,
    "k": .killToEnd, "l": .redraw, "m": .submit, "n": .nextLine, "p": .previousLine,
    "r": .searchBackward, "s": .searchForward, "t": .transpose, "u": .killToStart,
    "v": .insertLiterally, "w": .killSpacedWordBackward, "x": .prefix, "y": .yank, "z": .suspend,
    "_": .undo, "/": .undo, "[": .leaveSearch,
  ]

  private static let alt: [Character: LineCommand] = [
    "b": .moveWordLeft, "d": .killWordForward, "f": .moveWordRight, "y": .yankOlder, "_": .redo,
  ]
}
