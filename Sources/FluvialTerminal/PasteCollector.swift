/// Collects the bytes of a bracketed paste up to its end mark, which may arrive in any pieces.
struct PasteCollector: Sendable {
  enum Progress {
    case more
    case full
    case ended
  }

  /// How many bytes a paste may have.
  static let limit = 1 << 20

  private static let endMark = Array("\u{1B}[201~".utf8)

  private var bytes: [UInt8] = []
  /// How many bytes of the end mark have been seen and are held back.
  private var matched = 0

  mutating func feed(_ byte: UInt8) -> Progress {
    if byte == Self.endMark[matched] {
      matched += 1
      guard matched == Self.endMark.count else { return .more }
      matched = 0
      return .ended
    }
    release()
    // Only the first byte of the mark is an escape, so a new mark begins with this byte or not at all.
    if byte == Self.endMark[0] { matched = 1 } else { bytes.append(byte) }
    // Not while a mark may have begun: taking the text now would lose its first byte.
    return bytes.count > Self.limit && matched == 0 ? .full : .more
  }

  /// Returns what was collected, with what was held back if the end mark never came.
  mutating func take() -> String {
    release()
    defer { bytes = [] }
    return Self.text(String(decoding: bytes, as: UTF8.self))
  }

  /// Forgets what was collected, but not a part of the end mark.
  mutating func discard() { bytes.removeAll(keepingCapacity: true) }

  private mutating func release() {
    bytes += Self.endMark[..<matched]
    matched = 0
  }

  private static func text(_ pasted: String) -> String {
    var result = String.UnicodeScalarView()
    var previous: Unicode.Scalar = "\0"
    for scalar in pasted.unicodeScalars {
      defer { previous = scalar }
      switch scalar {
      case "\n" where previous == "\r": break
      case "\n", "\r": result.append("\n")
      case "\t": result.append(" ")
      case "\u{80}"..."\u{9F}": result.append("\u{FFFD}")
      default:
        if let caret = caretForm(of: scalar) {
          result.append(contentsOf: caret.unicodeScalars)
        } else {
          result.append(scalar)
        }
      }
    }
    return String(result)
  }
}
