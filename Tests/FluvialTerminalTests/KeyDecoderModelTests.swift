import FluvialTerminal
import Testing

/// The decoder against one that has the whole input before it and looks ahead.
@Suite struct KeyDecoderModelTests {
  private static let pieces: [[UInt8]] =
    [
      "\u{1B}", "\u{1B}[A", "\u{1B}[1;5C", "\u{1B}[3~", "\u{1B}[99~", "\u{1B}[1;", "\u{1B}[<64;1m",
      "\u{1B}[I", "\u{1B}]0;t\u{7}", "\u{1B}]52;c\u{1B}\\", "\u{1B}Px\u{1B}\\", "\u{1B}[200~",
      "\u{1B}[201~", "\u{18}", "a", "é", "漢", "\r", "\n", "\t", "\u{3}", "\u{7F}", "\0", "x", "7",
      "[", "\u{1B}b",
    ].map { Array($0.utf8) }
    + [[0xC3], [0x80], [0xE2, 0x82], [0xFF], [0xC2, 0x9B], [0xF0, 0x9F], [0xED, 0xA0]]

  @Test(arguments: seeds) func `looking ahead finds the same keys`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let bytes = (0..<Int.random(in: 1...10, using: &random)).flatMap { _ in
        Self.pieces.randomElement(using: &random) ?? []
      }
      var decoder = KeyDecoder()
      let events = decoder.feed(bytes, now: .zero) + decoder.finish()
      var model = LookingAhead(bytes)
      #expect(joined(events) == model.takeAll(), "\(bytes)")
    }
  }

  /// What the end of the input makes of half a character is text behind text.
  private func joined(_ events: [KeyEvent]) -> [KeyEvent] {
    guard events.count > 1, case .text(let end)? = events.last,
      case .text(let text) = events[events.count - 2]
    else { return events }
    return events.dropLast(2) + [.text(text + end)]
  }
}

/// Takes a whole input apart; every rule is a look at what comes next.
private struct LookingAhead {
  private let bytes: [UInt8]
  private var index = 0
  private var events: [KeyEvent] = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  mutating func takeAll() -> [KeyEvent] {
    while let byte = next {
      if byte == 0x1B {
        takeEscape()
      } else if byte < 0x20 || byte == 0x7F {
        index += 1
        let (key, modifiers) = Self.control(byte)
        events.append(.key(key, modifiers))
      } else {
        add(takeScalar())
      }
    }
    return events
  }

  /// Neighbouring pieces of text are one.
  private mutating func add(_ scalar: Unicode.Scalar) {
    if case .text(let text)? = events.last {
      events.removeLast()
      events.append(.text(text + String(scalar)))
    } else {
      events.append(.text(String(scalar)))
    }
  }

  /// One character, or U+FFFD for the longest part of one that is broken; the upper controls are none.
  private mutating func takeScalar() -> Unicode.Scalar {
    var count = 1
    while count < 4, index + count < bytes.count, scalars(count + 1).count == 1 { count += 1 }
    let scalar = scalars(count)[0]
    index += count
    return (0x80...0x9F).contains(scalar.value) ? "\u{FFFD}" : scalar
  }

  private func scalars(_ count: Int) -> [Unicode.Scalar] {
    Array(
      String(decoding: bytes[index..<min(index + count, bytes.count)], as: UTF8.self).unicodeScalars
    )
  }

  private static func control(_ byte: UInt8) -> (Key, KeyModifiers) {
    switch byte {
    case 0: (.character(" "), .control)
    case 8, 0x7F: (.backspace, [])
    case 9: (.tab, [])
    case 13: (.enter, [])
    default: (.character(Character(Unicode.Scalar(byte + (byte < 27 ? 0x60 : 0x40)))), .control)
    }
  }

  private mutating func takeEscape() {
    let start = index
    index += 1
    guard let byte = next, byte != 0x1B else { return events.append(.key(.escape)) }
    switch byte {
    case 0x18, 0x1A: giveUp(from: start, through: index)
    case UInt8(ascii: "["): takeControlSequence(from: start)
    case UInt8(ascii: "]"), UInt8(ascii: "P"): takeString(from: start)
    case 0..<0x20, 0x7F:
      index += 1
      let (key, modifiers) = Self.control(byte)
      events.append(.key(key, modifiers.union(.alt)))
    case 0x80...:
      let scalar = takeScalar()
      if scalar == "\u{FFFD}" {
        add(scalar)
      } else {
        events.append(.key(.character(Character(scalar)), .alt))
      }
    default:
      index += 1
      events.append(.key(.character(Character(Unicode.Scalar(byte))), .alt))
    }
  }

  /// What begins at `start` means nothing; it ends at `last`, or before the next byte.
  private mutating func giveUp(from start: Int, through last: Int? = nil) {
    if let last { index = last + 1 }
    events.append(.unknown(Array(bytes[start..<index])))
  }

  private mutating func takeControlSequence(from start: Int) {
    index += 1
    if next == UInt8(ascii: "[") {
      // The Linux console's: one more letter.
      index += 1
      guard let letter = next, 0x20..<0x7F ~= letter else { return endBroken(from: start) }
      return giveUp(from: start, through: index)
    }
    while let byte = next, 0x20..<0x40 ~= byte { index += 1 }
    guard let final = next, 0x40..<0x7F ~= final else { return endBroken(from: start) }
    index += 1
    switch String(decoding: bytes[start..<index], as: UTF8.self).dropFirst(2) {
    case "A": events.append(.key(.up))
    case "1;5C": events.append(.key(.right, .control))
    case "3~": events.append(.key(.delete))
    case "I": events.append(.reply(.focus(true)))
    case "200~": takePaste()
    case let other where other.last == "a" && !other.contains("<"): events.append(.key(.up, .shift))
    default: events.append(.unknown(Array(bytes[start..<index])))
    }
  }

  /// Only what aborts a sequence belongs to it.
  private mutating func endBroken(from start: Int) {
    if next == 0x18 || next == 0x1A {
      giveUp(from: start, through: index)
    } else {
      giveUp(from: start)
    }
  }

  private mutating func takeString(from start: Int) {
    index += 1
    guard next != nil else {
      return events.append(.key(.character(Character(Unicode.Scalar(bytes[start + 1]))), .alt))
    }
    while let byte = next {
      switch byte {
      case 0x07, 0x18, 0x1A: return giveUp(from: start, through: index)
      case 0x1B:
        guard index + 1 < bytes.count else { return giveUp(from: start, through: index) }
        if bytes[index + 1] == UInt8(ascii: "\\") { return giveUp(from: start, through: index + 1) }
        return giveUp(from: start)
      default: index += 1
      }
    }
    giveUp(from: start)
  }

  private mutating func takePaste() {
    let mark = Array("\u{1B}[201~".utf8)
    var end = index
    while end < bytes.count, !bytes[end...].starts(with: mark) { end += 1 }
    let text = String(decoding: bytes[index..<end], as: UTF8.self)
    index = min(end + mark.count, bytes.count)
    var shown = String.UnicodeScalarView()
    var last: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      defer { last = scalar }
      switch scalar.value {
      case 10 where last == "\r": continue
      case 10, 13: shown.append("\n")
      case 9: shown.append(" ")
      case 0..<0x20: shown.append(contentsOf: ["^", Unicode.Scalar(UInt8(scalar.value + 0x40))])
      case 0x7F: shown.append(contentsOf: ["^", "?"])
      case 0x80...0x9F: shown.append("\u{FFFD}")
      default: shown.append(scalar)
      }
    }
    events.append(.paste(String(shown)))
  }
}
