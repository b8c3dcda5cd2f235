/// A key, named by what is printed on it.
public enum Key: Sendable, Hashable {
  /// A key that stands for a character, held together with control, alt or super. Alone it is text.
  case character(Character)
  /// Enter, or return.
  case enter
  /// Tab; with shift, back.
  case tab
  /// Backspace: the character before the cursor.
  case backspace
  /// Escape, alone.
  case escape
  /// Arrow up.
  case up
  /// Arrow down.
  case down
  /// Arrow left.
  case left
  /// Arrow right.
  case right
  /// Home: to the start.
  case home
  /// End: to the end.
  case end
  /// Page up.
  case pageUp
  /// Page down.
  case pageDown
  /// Insert.
  case insert
  /// Delete: the character under the cursor.
  case delete
  /// A function key, from 1.
  case function(Int)
}

/// The keys held down together with another one.
public struct KeyModifiers: OptionSet, Sendable, Hashable {
  /// One bit for each modifier, as terminals number them.
  public let rawValue: UInt8

  /// Creates a set from its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Either shift key.
  public static let shift = KeyModifiers(rawValue: 1)

  /// The alt key; on some keyboards meta or option.
  public static let alt = KeyModifiers(rawValue: 2)

  /// Either control key.
  public static let control = KeyModifiers(rawValue: 4)

  /// The key with the system's emblem.
  public static let `super` = KeyModifiers(rawValue: 8)
}

/// Something that a terminal sent.
public enum KeyEvent: Sendable, Hashable {
  /// Typed text, without a control character.
  ///
  /// One event has everything that arrived together.
  case text(String)

  /// A key that is not text.
  case key(Key, KeyModifiers = [])

  /// Pasted text, if the terminal marks it: lines end with LF, a tab is a space, and other control
  /// characters have their caret form.
  case paste(String)

  /// The answer to a question, or a notice.
  case reply(TerminalReply)

  /// A sequence that means nothing here, or one that was cut short; to be ignored.
  case unknown([UInt8])
}

/// What a terminal says without a key being pressed.
public enum TerminalReply: Sendable, Hashable {
  /// Where the cursor is, from 1.
  case cursorPosition(row: Int, column: Int)

  /// What the terminal can do.
  case deviceAttributes([Int])

  /// Whether the window has become the active one.
  case focus(Bool)
}
