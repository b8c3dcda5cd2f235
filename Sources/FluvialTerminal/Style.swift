/// One of the eight colours that every colour terminal has, in the shade of the user's theme.
public enum Color: UInt8, Sendable, Hashable, CaseIterable {
  /// The theme's black.
  case black
  /// The theme's red.
  case red
  /// The theme's green.
  case green
  /// The theme's yellow.
  case yellow
  /// The theme's blue.
  case blue
  /// The theme's magenta.
  case magenta
  /// The theme's cyan.
  case cyan
  /// The theme's white.
  case white
}

/// How a piece of ``SafeText`` looks: a colour, bold, dim, reversed, or any of them together.
///
/// Nothing should be said by a style alone: colour may be off, and not everybody sees it.
public struct Style: Sendable, Hashable {
  /// The colour of the letters; `nil` is the terminal's own.
  public var color: Color?

  /// Whether the letters are bold.
  public var isBold: Bool

  /// Whether the letters are dimmed.
  public var isDim: Bool

  /// Whether letters and background change places.
  public var isReversed: Bool

  /// Creates a style.
  ///
  /// Without arguments it is the plain one.
  public init(
    _ color: Color? = nil, bold: Bool = false, dim: Bool = false, reversed: Bool = false
  ) {
    self.color = color
    isBold = bold
    isDim = dim
    isReversed = reversed
  }

  /// The terminal's own look.
  public static let plain = Style()

  /// Returns this style with what it leaves open taken from `outer`.
  func over(_ outer: Style) -> Style {
    Style(
      color ?? outer.color, bold: isBold || outer.isBold, dim: isDim || outer.isDim,
      reversed: isReversed || outer.isReversed)
  }

  /// The escape sequence that switches the style on; empty for the plain one.
  var escapeSequence: String {
    var codes: [String] = []
    if isBold { codes.append("1") }
    if isDim { codes.append("2") }
    if isReversed { codes.append("7") }
    if let color { codes.append("3\(color.rawValue)") }
    return codes.isEmpty ? "" : "\u{1B}[\(codes.joined(separator: ";"))m"
  }
}
