import ChatWire
import Testing

@Suite struct TextCleaningTests {
  @Test(arguments: [
    "hello", "", " ", "Grüße", "山田", "नमस्ते", "👩‍👩‍👧", "❤️",
    "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}", "می\u{200C}خواهم", "مرحبا",
  ])
  func `ordinary text of any script is left alone`(_ text: String) {
    #expect(Array(text.cleaned.utf8) == Array(text.utf8))
  }

  @Test func `a tab becomes one space`() {
    #expect("a\tb".cleaned == "a b")
  }

  @Test func `every other control byte becomes a replacement character`() {
    for value in Array(0..<0x20) + Array(0x7F..<0xA0) where value != 9 {
      let scalar = Unicode.Scalar(UInt8(value))
      #expect("a\(scalar)b".cleaned == "a\u{FFFD}b", "U+\(value)")
    }
  }

  @Test(
    arguments: [0x202A...0x202E, 0x2066...0x2069, 0x200E...0x200F, 0x061C...0x061C]
      as [ClosedRange<UInt32>])
  func `a bidirectional control becomes a replacement character`(_ range: ClosedRange<UInt32>)
    throws
  {
    for value in range {
      let scalar = try #require(Unicode.Scalar(value))
      #expect("a\(scalar)b".cleaned == "a\u{FFFD}b", "U+\(value)")
    }
  }

  @Test(arguments: ["\u{2028}", "\u{2029}", "\u{FEFF}", "\u{200B}"])
  func `a hidden separator becomes a replacement character`(_ text: String) {
    #expect(text.cleaned == "\u{FFFD}")
  }

  @Test func `an escape sequence arrives as harmless text`() {
    #expect("\u{1B}]52;c;aGk=\u{7}".cleaned == "\u{FFFD}]52;c;aGk=\u{FFFD}")
  }

  @Test func `the ninth mark on a letter is cut`() {
    let eight = "a" + String(repeating: "\u{323}", count: 8)
    let ten = eight + "\u{323}\u{323}"
    #expect((ten + "b").cleaned.unicodeScalars.elementsEqual((eight + "b").unicodeScalars))
    #expect(eight.cleaned.unicodeScalars.elementsEqual(eight.unicodeScalars))
  }

  @Test func `joiners between marks do not start a new count`() {
    let pile = "a" + String(repeating: "\u{323}\u{200D}", count: 50)
    #expect(pile.cleaned.unicodeScalars.count == 9)
  }

  @Test func `a prefix ends between two characters`() {
    #expect("aé山".prefix(utf8Limit: 6) == "aé山")
    #expect("aé山".prefix(utf8Limit: 5) == "aé")
    #expect("aé山".prefix(utf8Limit: 2) == "a")
    #expect("山".prefix(utf8Limit: 0) == "")
    #expect("👩‍👩‍👧x".prefix(utf8Limit: 17) == "")
  }

  @Test func `no control survives random text, and cleaning twice is cleaning once`() {
    for seed in UInt64(0)..<2_000 {
      var random = SeededGenerator(seed: seed)
      let text = random.hostileText(pieces: 40)
      let clean = text.cleaned
      #expect(!clean.unicodeScalars.contains(where: isControl), "seed \(seed)")
      #expect(Array(clean.cleaned.utf8) == Array(clean.utf8), "seed \(seed)")
    }
  }
}

/// Written from the table of limits, apart from the code under test.
func isControl(_ scalar: Unicode.Scalar) -> Bool {
  scalar.properties.generalCategory == .control || scalar.properties.isBidiControl
    || ["\u{2028}", "\u{2029}", "\u{FEFF}", "\u{200B}"].contains(scalar)
}
