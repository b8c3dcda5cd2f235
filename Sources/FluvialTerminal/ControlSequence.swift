/// A complete control sequence, `ESC [` parameters final, taken apart.
///
/// Knows the key encodings of xterm, rxvt, the Linux console and kitty.
struct ControlSequence {
  private var prefix: UInt8?
  private var parameters: [[Int?]] = []
  private var hasIntermediates = false
  private let final: UInt8

  /// Takes the bytes after `ESC [`, or after `ESC O`; fails if they are not a sequence.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard let last = bytes.last, 0x40...0x7E ~= last else { return nil }
    final = last
    var group: [Int?] = []
    var number: Int?
    for (offset, byte) in bytes.dropLast().enumerated() {
      switch byte {
      case 0x30...0x39:
        // Larger than any code point is as good as infinite.
        number = min((number ?? 0) * 10 + Int(byte - 0x30), 0x20_0000)
      case UInt8(ascii: ":"):
        group.append(number)
        number = nil
      case UInt8(ascii: ";"):
        parameters.append(group + [number])
        group = []
        number = nil
      case 0x3C...0x3F where offset == 0: prefix = byte
      case 0x20...0x2F: hasIntermediates = true
      default: return nil
      }
      if hasIntermediates, byte >= 0x30 { return nil }
    }
    if number != nil || !group.isEmpty || !parameters.isEmpty {
      parameters.append(group + [number])
    }
  }

  /// Whether this is what a terminal sends before pasted text.
  var beginsPaste: Bool { isPlain && final == UInt8(ascii: "~") && parameter(0) == 200 }

  /// What a `CSI` sequence means; nil if nothing is known of it.
  var event: KeyEvent? {
    guard isPlain else { return attributes }
    switch final {
    case UInt8(ascii: "~"):
      if parameter(0) == 27 { return Self.event(code: parameter(2), modifiers: modifiers) }
      return numberedKey.map { .key($0, modifiers) }
    case UInt8(ascii: "^"): return numberedKey.map { .key($0, .control) }
    case UInt8(ascii: "@"): return numberedKey.map { .key($0, [.control, .shift]) }
    case UInt8(ascii: "u"): return kittyKey
    case UInt8(ascii: "Z"): return .key(.tab, modifiers.union(.shift))
    case UInt8(ascii: "a")...UInt8(ascii: "d"):
      return Self.letterKey(final & 0x5F).map { .key($0, .shift) }
    case UInt8(ascii: "I") where parameters.isEmpty: return .reply(.focus(true))
    case UInt8(ascii: "O") where parameters.isEmpty: return .reply(.focus(false))
    case UInt8(ascii: "R"): return thirdFunctionKeyOrPosition
    default:
      guard parameter(0) == nil || parameter(0) == 1 else { return nil }
      return Self.letterKey(final).map { .key($0, modifiers) }
    }
  }

  /// What an `SS3` sequence means; nil if nothing is known of it.
  var singleShiftEvent: KeyEvent? {
    guard isPlain else { return nil }
    // Some terminals put the modifiers alone before the letter.
    let held = Self.modifiers(parameter(1) ?? parameter(0))
    switch final {
    case UInt8(ascii: "M"): return .key(.enter, held)
    case UInt8(ascii: "I"): return .key(.tab, held)
    case UInt8(ascii: "X"): return .text("=")
    case UInt8(ascii: "j")...UInt8(ascii: "y"):
      // The numeric keypad in its application mode: `*+,-./0123456789`.
      return .text(String(Unicode.Scalar(final - 0x40)))
    case UInt8(ascii: "a")...UInt8(ascii: "d"):
      return Self.letterKey(final & 0x5F).map { .key($0, .control) }
    default: return Self.letterKey(final).map { .key($0, held) }
    }
  }

  private var isPlain: Bool { prefix == nil && !hasIntermediates }

  private var modifiers: KeyModifiers { Self.modifiers(parameter(1)) }

  private func parameter(_ index: Int, _ part: Int = 0) -> Int? {
    guard parameters.indices ~= index, parameters[index].indices ~= part else { return nil }
    return parameters[index][part]
  }

  private static func modifiers(_ number: Int?) -> KeyModifiers {
    guard let number, number > 1 else { return [] }
    let bits = number - 1
    var result = KeyModifiers(rawValue: UInt8(bits & 0x0F))
    // What kitty calls meta is alt elsewhere.
    if bits & 0x20 != 0 { result.insert(.alt) }
    return result
  }

  private static func letterKey(_ letter: UInt8) -> Key? {
    switch letter {
    case UInt8(ascii: "A"): .up
    case UInt8(ascii: "B"): .down
    case UInt8(ascii: "C"): .right
    case UInt8(ascii: "D"): .left
    case UInt8(ascii: "F"): .end
    case UInt8(ascii: "H"): .home
    case UInt8(ascii: "P")...UInt8(ascii: "S"): .function(Int(letter) - 0x4F)
    default: nil
    }
  }

  private var numberedKey: Key? {
    guard let number = parameter(0) else { return nil }
    switch number {
    case 1, 7: return .home
    case 2: return .insert
    case 3: return .delete
    case 4, 8: return .end
    case 5: return .pageUp
    case 6: return .pageDown
    case 11...15: return .function(number - 10)
    case 17...21: return .function(number - 11)
    case 23...26: return .function(number - 12)
    case 28, 29: return .function(number - 13)
    case 31...34: return .function(number - 14)
    default: return nil
    }
  }

  /// `CSI 1;5R` is a function key, `CSI 12;40R` a position: the two encodings overlap in the first row.
  private var thirdFunctionKeyOrPosition: KeyEvent? {
    let row = parameter(0) ?? 1
    guard let column = parameter(1) else { return row == 1 ? .key(.function(3)) : nil }
    if row == 1, column <= 8 { return .key(.function(3), modifiers) }
    return .reply(.cursorPosition(row: row, column: column))
  }

  private var attributes: KeyEvent? {
    guard prefix != nil, !hasIntermediates, final == UInt8(ascii: "c") else { return nil }
    return .reply(.deviceAttributes(parameters.map { $0.first.flatMap { $0 } ?? 0 }))
  }

  private var kittyKey: KeyEvent? {
    let isRelease = parameter(1, 1) == 3
    if isRelease { return nil }
    let held = modifiers
    if held.isSubset(of: .shift), parameters.indices ~= 2 {
      let scalars = parameters[2].compactMap { $0.flatMap { Unicode.Scalar(UInt32($0)) } }
      let isText =
        !scalars.isEmpty && scalars.allSatisfy { $0.properties.generalCategory != .control }
      if isText { return .text(String(String.UnicodeScalarView(scalars))) }
    }
    return Self.event(code: parameter(0), shifted: parameter(0, 1), modifiers: held)
  }

  /// What a key means that is given by its code point.
  private static func event(
    code: Int?, shifted: Int? = nil, modifiers: KeyModifiers
  ) -> KeyEvent? {
    guard let code, let scalar = Unicode.Scalar(UInt32(code)) else { return nil }
    switch code {
    case 8, 127: return .key(.backspace, modifiers)
    case 9: return .key(.tab, modifiers)
    case 13: return .key(.enter, modifiers)
    case 27: return .key(.escape, modifiers)
    case 57_344...63_743: return functionalEvent(code, modifiers)
    default: break
    }
    if scalar.properties.generalCategory == .control { return nil }
    guard modifiers.isSubset(of: .shift) else {
      return .key(.character(Character(scalar)), modifiers)
    }
    if modifiers.isEmpty { return .text(String(scalar)) }
    if let shifted, let upper = Unicode.Scalar(UInt32(shifted)),
      upper.properties.generalCategory != .control
    {
      return .text(String(upper))
    }
    return .text(String(scalar).uppercased())
  }

  /// Kitty numbers the keys without a character of their own in the private use area.
  private static func functionalEvent(_ code: Int, _ modifiers: KeyModifiers) -> KeyEvent? {
    let keypad: [Key] = [
      .left, .right, .up, .down, .pageUp, .pageDown, .home, .end, .insert, .delete,
    ]
    switch code {
    case 57_376...57_398: return .key(.function(code - 57_363), modifiers)
    case 57_399...57_408: return .text(String(code - 57_399))
    case 57_414: return .key(.enter, modifiers)
    case 57_409...57_416:
      return .text(String(Array("./*-+\r=,")[code - 57_409]))
    case 57_417...57_426: return .key(keypad[code - 57_417], modifiers)
    default: return nil
    }
  }
}
