/// A UTF-8 decoder that takes one byte at a time and replaces what is invalid.
///
/// Each longest run of bytes that could have begun a character but did not become one is reported once, as
/// Unicode recommends for U+FFFD. Overlong forms, surrogates and values beyond U+10FFFF are invalid.
struct UTF8Decoder: Equatable, Sendable {
  /// What one byte led to.
  enum Step: Equatable {
    /// The byte belongs to a character that is not complete.
    case more
    /// The byte completed this character.
    case scalar(Unicode.Scalar)
    /// The byte cannot begin a character.
    case invalid
    /// What came before was cut short; the byte was not used and must be fed again.
    case invalidBefore
  }

  private var value: UInt32 = 0
  private var missing = 0
  /// What the next byte may be; narrower than 80...BF only after E0, ED, F0 and F4.
  private var allowed: ClosedRange<UInt8> = 0x80...0xBF

  /// Whether a character has begun that is not complete.
  var isPending: Bool { missing > 0 }

  mutating func feed(_ byte: UInt8) -> Step {
    guard missing > 0 else { return begin(byte) }
    guard allowed ~= byte else {
      self = Self()
      return .invalidBefore
    }
    allowed = 0x80...0xBF
    value = value << 6 | UInt32(byte & 0x3F)
    missing -= 1
    guard missing == 0 else { return .more }
    let complete = value
    self = Self()
    return Unicode.Scalar(complete).map { .scalar($0) } ?? .invalid
  }

  private mutating func begin(_ byte: UInt8) -> Step {
    switch byte {
    case 0x00...0x7F: return .scalar(Unicode.Scalar(byte))
    case 0xC2...0xDF: expect(1, after: byte & 0x1F)
    case 0xE0: expect(2, after: 0, 0xA0...0xBF)
    case 0xED: expect(2, after: 0x0D, 0x80...0x9F)
    case 0xE1...0xEF: expect(2, after: byte & 0x0F)
    case 0xF0: expect(3, after: 0, 0x90...0xBF)
    case 0xF1...0xF3: expect(3, after: byte & 0x07)
    case 0xF4: expect(3, after: 4, 0x80...0x8F)
    default: return .invalid
    }
    return .more
  }

  private mutating func expect(
    _ count: Int, after bits: UInt8, _ next: ClosedRange<UInt8> = 0x80...0xBF
  ) {
    value = UInt32(bits)
    missing = count
    allowed = next
  }
}
