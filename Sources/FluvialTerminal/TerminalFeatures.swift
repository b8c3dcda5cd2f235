/// What a program may switch on in a terminal besides a mode; see ``Terminal/withMode(_:switchingOn:_:)``.
///
/// Terminals ignore what they do not know.
public struct TerminalFeatures: OptionSet, Sendable, Hashable {
  /// One bit for each feature.
  public let rawValue: UInt8

  /// Creates a set from its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A screen of the program's own, without history; what was there before comes back in the end.
  public static let alternateScreen = TerminalFeatures(rawValue: 1)
  /// Pasted text is marked, and arrives as ``KeyEvent/paste(_:)``.
  public static let bracketedPaste = TerminalFeatures(rawValue: 2)
  /// The cursor is not shown.
  public static let hiddenCursor = TerminalFeatures(rawValue: 4)
  /// The terminal tells when its window becomes the active one and when another does: ``TerminalReply/focus(_:)``.
  public static let focusReports = TerminalFeatures(rawValue: 8)

  private static let sequences: [(feature: TerminalFeatures, on: String, off: String)] = [
    (.alternateScreen, "\u{1B}[?1049h", "\u{1B}[?1049l"),
    (.bracketedPaste, "\u{1B}[?2004h", "\u{1B}[?2004l"),
    (.hiddenCursor, "\u{1B}[?25l", "\u{1B}[?25h"),
    (.focusReports, "\u{1B}[?1004h", "\u{1B}[?1004l"),
  ]

  /// Switches these on.
  var onSequence: [UInt8] {
    Self.sequences.filter { contains($0.feature) }.flatMap { Array($0.on.utf8) }
  }

  /// Switches these off, in the opposite order.
  var offSequence: [UInt8] {
    Self.sequences.reversed().filter { contains($0.feature) }.flatMap { Array($0.off.utf8) }
  }
}
