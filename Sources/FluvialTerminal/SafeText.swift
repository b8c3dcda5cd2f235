/// Text that is safe to show on a terminal: one line without a control character, with styles of our own.
///
/// The screen prints nothing else, so a place that forgets to sanitise what came from outside does not
/// compile. Text from outside enters through ``init(sanitizing:)-(String)``; the program's own words are
/// literals:
///
/// ```swift
/// let name = SafeText(sanitizing: name).styled(Style(.cyan))
/// return "<\(name)> \(sanitizing: message)"
/// ```
///
/// Escape sequences exist only in what ``rendered(inColor:)`` returns.
public struct SafeText: Sendable, Hashable {
  struct Run: Sendable, Hashable {
    var text: String
    var style: Style
  }

  private(set) var runs: [Run] = []

  /// Creates empty text.
  public init() {}

  /// Creates text from a string that anybody may have written.
  ///
  /// A tab becomes a space; other control characters their caret form, such as `^[`; the upper controls,
  /// characters that reorder text or break lines, and zero width spaces U+FFFD. More than eight marks on a
  /// letter are cut.
  public init(sanitizing text: String) {
    append(Sanitizer.sanitize(text), Style.plain)
  }

  /// Creates text from bytes that anybody may have sent.
  ///
  /// They are taken as UTF-8, invalid parts become U+FFFD, and the rest is as for strings.
  public init(sanitizing bytes: some Sequence<UInt8>) {
    append(Sanitizer.sanitize(bytes), Style.plain)
  }

  /// The text alone, without styles.
  public var plain: String { runs.reduce(into: "") { $0 += $1.text } }

  /// Whether there is nothing to see.
  public var isEmpty: Bool { runs.isEmpty }

  /// How many columns the text takes on one long row.
  public var width: Int { displayWidth(of: plain) }

  /// Returns the text in `style`; parts that have a style of their own keep what they set.
  public func styled(_ style: Style) -> SafeText {
    var result = self
    for index in result.runs.indices {
      result.runs[index].style = result.runs[index].style.over(style)
    }
    return result
  }

  /// Adds `other` at the end.
  public mutating func append(_ other: SafeText) {
    for run in other.runs { append(run.text, run.style) }
  }

  /// Returns `left` followed by `right`.
  public static func + (left: SafeText, right: SafeText) -> SafeText {
    var result = left
    result.append(right)
    return result
  }

  /// Adds `right` at the end of `left`.
  public static func += (left: inout SafeText, right: SafeText) {
    left.append(right)
  }

  /// Returns the part that fits into `columns` columns, from the start.
  public func prefix(columns: Int) -> SafeText {
    var room = columns
    return filtered { width in
      room -= width
      return room >= 0
    }
  }

  /// Returns what to write to a terminal, with escape sequences for the styles if `inColor`.
  ///
  /// Every style that is switched on is switched off again within the text.
  public func rendered(inColor: Bool) -> String {
    guard inColor else { return plain }
    var result = ""
    for run in runs {
      let on = run.style.escapeSequence
      result += on.isEmpty ? run.text : on + run.text + "\u{1B}[0m"
    }
    return result
  }

  /// Returns how many rows of `columns` columns the text takes when the terminal wraps it.
  func rows(columns: Int) -> Int {
    var rows = 1
    var column = 0
    for character in plain {
      let width = displayWidth(of: character)
      if column + width > columns, column > 0 {
        rows += 1
        column = 0
      }
      column += width
    }
    return rows
  }

  /// Returns the last part of the text that takes no more than `limit` rows of `columns` columns.
  func suffix(rows limit: Int, columns: Int) -> SafeText {
    let excess = rows(columns: columns) - limit
    guard excess > 0 else { return self }
    var row = 0
    var column = 0
    return filtered { width in
      if column + width > columns, column > 0 {
        row += 1
        column = 0
      }
      column += width
      return row >= excess
    }
  }

  /// Returns the characters whose width `isIncluded` accepts, asked in order.
  private func filtered(_ isIncluded: (Int) -> Bool) -> SafeText {
    var result = SafeText()
    for run in runs {
      var kept = ""
      for character in run.text where isIncluded(displayWidth(of: character)) {
        kept.append(character)
      }
      result.append(kept, run.style)
    }
    return result
  }

  /// `text` must be sanitised.
  private mutating func append(_ text: String, _ style: Style) {
    guard !text.isEmpty else { return }
    if let last = runs.indices.last, runs[last].style == style {
      runs[last].text += text
    } else {
      runs.append(Run(text: text, style: style))
    }
  }
}

extension SafeText: CustomStringConvertible {
  /// The text alone, without styles.
  public var description: String { plain }
}

// A literal is a static string: a string that was read from somewhere cannot pass for the program's own.
extension SafeText: ExpressibleByStringInterpolation {
  /// Creates text from the program's own words.
  public init(stringLiteral value: StaticString) {
    self.init(sanitizing: value.description)
  }

  /// Creates text from an interpolated literal.
  public init(stringInterpolation: StringInterpolation) {
    self = stringInterpolation.text
  }

  /// Collects the parts of an interpolated literal: other safe text, and whole numbers.
  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = SafeText()

    /// Creates an empty collection.
    public init(literalCapacity: Int, interpolationCount: Int) {}

    /// Adds the program's own words.
    public mutating func appendLiteral(_ literal: StaticString) {
      text.append(SafeText(stringLiteral: literal))
    }

    /// Adds text that is safe already.
    public mutating func appendInterpolation(_ other: SafeText) {
      text.append(other)
    }

    /// Adds a whole number.
    public mutating func appendInterpolation(_ number: some BinaryInteger) {
      text.append(SafeText(sanitizing: String(number)))
    }

    /// Adds a string that anybody may have written.
    public mutating func appendInterpolation(sanitizing string: String) {
      text.append(SafeText(sanitizing: string))
    }
  }
}
