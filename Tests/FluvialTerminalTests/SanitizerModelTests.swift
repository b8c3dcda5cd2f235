import FluvialTerminal
import Testing

/// The sanitiser against its table, read row by row with nothing clever.
@Suite struct SanitizerModelTests {
  @Test(arguments: seeds) func `the sanitiser does what its table says, scalar by scalar`(
    _ seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let text = random.hostileText(upTo: 25)
      let expected = Self.model(text)
      let cleaned = SafeText(sanitizing: text).plain
      #expect(
        cleaned.unicodeScalars.elementsEqual(expected.unicodeScalars), "\(text.debugDescription)")
      // As bytes it is the same text.
      let bytes = SafeText(sanitizing: Array(text.utf8)).plain
      #expect(bytes.unicodeScalars.elementsEqual(expected.unicodeScalars))
    }
  }

  @Test func `scalars of every plane are harmless afterwards`() {
    // All of the first ones, where the controls are, and a step that meets every block.
    for value in Array(UInt32(0)..<0x2100) + stride(from: 0x2100, through: 0x10FFFF, by: 61) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let cleaned = SafeText(sanitizing: "a" + String(scalar)).plain
      let expected = Self.model("a" + String(scalar))
      if !cleaned.unicodeScalars.elementsEqual(expected.unicodeScalars) {
        Issue.record("U+\(String(value, radix: 16)): \(cleaned.debugDescription)")
        return
      }
      for scalar in cleaned.unicodeScalars where !isHarmless(scalar) {
        Issue.record("U+\(String(value, radix: 16)) lets \(scalar.value) through")
        return
      }
    }
  }

  private static let replaced: [ClosedRange<UInt32>] = [
    0x80...0x9F, 0x202A...0x202E, 0x2066...0x2069, 0x200E...0x200F, 0x061C...0x061C,
    0x2028...0x2029, 0xFEFF...0xFEFF, 0x200B...0x200B,
  ]

  private static func model(_ text: String) -> String {
    var output: [Unicode.Scalar] = []
    for scalar in text.unicodeScalars {
      let value = scalar.value
      if value == 9 {
        output.append(" ")
      } else if value < 0x20 {
        output += ["^", Unicode.Scalar(UInt8(value) + 0x40)]
      } else if value == 0x7F {
        output += ["^", "?"]
      } else if replaced.contains(where: { $0.contains(value) }) {
        output.append("\u{FFFD}")
      } else if isMark(scalar) {
        // How many there are already on this base, whatever joins stand between them.
        var count = 0
        for before in output.reversed() {
          if isMark(before) {
            count += 1
          } else if before.properties.generalCategory != .format {
            break
          }
        }
        if count < 8 { output.append(scalar) }
      } else {
        output.append(scalar)
      }
    }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: output)
    return String(result)
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: true
    default: false
    }
  }
}
