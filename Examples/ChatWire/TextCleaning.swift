extension String {
  /// The text as it may be passed on: no character in it steers a terminal or reorders a line.
  ///
  /// A tab becomes a space; NUL, C0, C1, DEL, the bidirectional controls, U+2028, U+2029, U+FEFF
  /// and U+200B become U+FFFD; marks after the eighth on one letter are cut. The joiners U+200C
  /// and U+200D stay, because emoji and several scripts are spelled with them. Cleaning twice
  /// changes nothing more.
  public var cleaned: String {
    // Most lines are plain ASCII and need no copy.
    if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
    var result = String.UnicodeScalarView()
    var marks = 0
    for scalar in unicodeScalars {
      marks = scalar.extendsPrevious ? marks + 1 : 0
      if marks > mostMarks { continue }
      result.append(scalar == "\t" ? " " : scalar.isForbidden ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }

  /// The longest prefix that fits in `limit` bytes of UTF-8 and ends between two characters.
  public func prefix(utf8Limit limit: Int) -> String {
    if utf8.count <= limit { return self }
    var room = limit
    let end = indices.first { index in
      room -= self[index].utf8.count
      return room < 0
    }
    return String(self[..<(end ?? endIndex)])
  }
}

private let mostMarks = 8

extension Unicode.Scalar {
  /// Whether it is drawn on the character before it.
  ///
  /// Joiners and emoji tags count as well: a run of marks broken up by joiners still piles up on
  /// one letter.
  fileprivate var extendsPrevious: Bool {
    if value < 0x300 { return false }
    return isMark || properties.isGraphemeExtend || value == 0x200D
  }

  var isMark: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: true
    default: false
    }
  }

  /// Whether a screen or a log could be harmed or deceived by it.
  var isForbidden: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0: true
    case 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069: true
    case 0x2028, 0x2029, 0xFEFF, 0x200B: true
    default: false
    }
  }
}
