/// Turns hostile text into text that a terminal only displays.
///
/// No control character passes, so nothing in the text can move the cursor, change a mode, or make the
/// terminal send a reply; and nothing can reorder or bury the letters around it.
struct Sanitizer {
  /// How many marks one base letter keeps.
  static let markLimit = 8

  private(set) var output = ""
  private var marks = 0

  static func sanitize(_ text: String) -> String {
    var sanitizer = Sanitizer()
    for scalar in text.unicodeScalars { sanitizer.append(scalar) }
    return sanitizer.output
  }

  static func sanitize(_ bytes: some Sequence<UInt8>) -> String {
    var sanitizer = Sanitizer()
    var decoder = UTF8Decoder()
    for byte in bytes {
      var step = decoder.feed(byte)
      if step == .invalidBefore {
        sanitizer.append("\u{FFFD}")
        step = decoder.feed(byte)
      }
      switch step {
      case .scalar(let scalar): sanitizer.append(scalar)
      case .invalid: sanitizer.append("\u{FFFD}")
      case .more, .invalidBefore: break
      }
    }
    if decoder.isPending { sanitizer.append("\u{FFFD}") }
    return sanitizer.output
  }

  mutating func append(_ scalar: Unicode.Scalar) {
    if 0x20..<0x7F ~= scalar.value {
      marks = 0
      output.unicodeScalars.append(scalar)
    } else if scalar == "\t" {
      marks = 0
      output += " "
    } else if let caret = caretForm(of: scalar) {
      marks = 0
      output += caret
    } else if isReplaced(scalar) {
      marks = 0
      output += "\u{FFFD}"
    } else {
      appendVisible(scalar)
    }
  }

  private mutating func appendVisible(_ scalar: Unicode.Scalar) {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .spacingMark:
      guard marks < Self.markLimit else { return }
      marks += 1
    case .format:
      // Joiners and emoji tags are kept, and do not start a new pile of marks.
      break
    default:
      marks = 0
    }
    output.unicodeScalars.append(scalar)
  }
}

/// Returns the visible form of an ASCII control character, such as `^[`, and nil for anything else.
func caretForm(of scalar: Unicode.Scalar) -> String? {
  guard scalar.value < 0x20 || scalar.value == 0x7F else { return nil }
  return "^" + String(Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value) ^ 0x40))
}

/// Whether a terminal must never see `scalar`: the upper controls, what reorders text or breaks lines, and
/// what is invisible without joining anything.
private func isReplaced(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x80...0x9F, 0x061C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
  default: false
  }
}
