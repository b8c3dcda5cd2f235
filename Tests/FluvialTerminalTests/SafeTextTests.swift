import Testing

@testable import FluvialTerminal

@Suite struct SafeTextTests {
  @Test func `a tab becomes one space`() {
    #expect(SafeText(sanitizing: "a\tb").plain == "a b")
  }

  @Test func `control characters become their caret form`() {
    #expect(
      SafeText(sanitizing: "\u{1B}[6n\r\n\u{8}\u{7}\u{E}\u{F}\u{7F}\0").plain
        == "^[[6n^M^J^H^G^N^O^?^@")
  }

  @Test(arguments: [
    "\u{1B}[6n", "\u{1B}[c", "\u{1B}P$qm\u{1B}\\", "\u{1B}]52;c;?\u{7}", "\u{9B}6n",
  ])
  func `what would make a terminal reply never reaches it`(_ attack: String) {
    let text = SafeText(sanitizing: attack).styled(Style(.red))
    let withoutOurs = text.rendered(inColor: true).dropFirst(5).dropLast(4)
    #expect(withoutOurs.unicodeScalars.allSatisfy(isHarmless))
  }

  @Test func `upper controls become U+FFFD as characters and as raw bytes`() {
    #expect(SafeText(sanitizing: "\u{80}\u{9B}31m\u{9F}").plain == "\u{FFFD}\u{FFFD}31m\u{FFFD}")
    #expect(SafeText(sanitizing: [0x9B, 0x33, 0x31, 0x6D]).plain == "\u{FFFD}31m")
  }

  @Test(arguments: [
    "\u{202A}", "\u{202E}", "\u{2066}", "\u{2069}", "\u{200E}", "\u{200F}", "\u{61C}", "\u{2028}",
    "\u{2029}", "\u{FEFF}", "\u{200B}",
  ]) func `text cannot be reordered, broken or hidden`(_ text: String) {
    #expect(SafeText(sanitizing: "a" + text + "b").plain == "a\u{FFFD}b")
  }

  @Test(arguments: ["نمی\u{200C}خواهم", "👩‍💻", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇳🇱", "क्षि", "e\u{301}"])
  func `joiners, variation selectors and emoji tags are kept`(_ text: String) {
    #expect(Array(SafeText(sanitizing: text).plain.unicodeScalars) == Array(text.unicodeScalars))
  }

  @Test func `marks after the eighth on a letter are cut`() {
    let pile = String(repeating: "\u{301}", count: 50)
    let text = SafeText(sanitizing: "e" + pile + "o" + pile).plain
    #expect(text.unicodeScalars.count == 18)
    #expect(text.count == 2)
  }

  @Test func `a joiner does not let a new pile of marks begin`() {
    let text = String(repeating: "\u{301}\u{200D}", count: 50)
    let marks = SafeText(sanitizing: "e" + text).plain.unicodeScalars.count { $0 == "\u{301}" }
    #expect(marks == 8)
  }

  @Test func `each longest invalid part becomes one U+FFFD`() {
    let cases: [([UInt8], String)] = [
      ([0x61, 0xFF, 0x62], "a?b"), ([0xC0, 0xAF], "??"), ([0xE0, 0x80, 0x80], "???"),
      ([0xED, 0xA0, 0x80], "???"), ([0xF4, 0x90, 0x80, 0x80], "????"), ([0xF0, 0x9F, 0x98], "?"),
      ([0xF0, 0x9F, 0x98, 0x61], "?a"), ([0xE2, 0x82, 0xE2, 0x82, 0xAC], "?€"),
    ]
    for (bytes, expected) in cases {
      #expect(
        SafeText(sanitizing: bytes).plain == String(expected.map { $0 == "?" ? "\u{FFFD}" : $0 }))
    }
  }

  @Test func `the decoder agrees with the standard library`() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      let bytes = random.bytes(upTo: 12).map { $0 | 0x80 }
      let expected = Sanitizer.sanitize(String(decoding: bytes, as: UTF8.self))
      #expect(SafeText(sanitizing: bytes).plain == expected, "\(bytes)")
    }
  }

  @Test(arguments: seeds) func `nothing harmful passes and sanitising twice is the same`(
    _ seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let text = SafeText(sanitizing: random.hostileText(upTo: 30)).plain
      #expect(text.unicodeScalars.allSatisfy(isHarmless))
      #expect(SafeText(sanitizing: text).plain == text)
      #expect(
        SafeText(sanitizing: random.bytes(upTo: 40)).plain.unicodeScalars.allSatisfy(isHarmless))
    }
  }

  @Test func `a literal may contain safe text, numbers and sanitised strings`() {
    let name = SafeText(sanitizing: "bob\u{7}").styled(Style(.cyan))
    let line: SafeText = "<\(name)> \(5): \(sanitizing: "\u{1B}")"
    #expect(line.plain == "<bob^G> 5: ^[")
    #expect(line.rendered(inColor: true) == "<\u{1B}[36mbob^G\u{1B}[0m> 5: ^[")
    #expect(line.description == line.plain)
  }

  @Test func `styles nest and the inner one wins`() {
    let text: SafeText = "a\(("b" as SafeText).styled(Style(.red, bold: true)))c"
    #expect(
      text.styled(Style(.blue, dim: true, reversed: true)).rendered(inColor: true)
        == "\u{1B}[2;7;34ma\u{1B}[0m\u{1B}[1;2;7;31mb\u{1B}[0m\u{1B}[2;7;34mc\u{1B}[0m")
  }

  @Test func `without colour there is no escape byte`() {
    #expect(("a" as SafeText).styled(Style(.red, bold: true)).rendered(inColor: false) == "a")
  }

  @Test func `joined text keeps its order and its styles`() {
    var text: SafeText = "a" + ("b" as SafeText).styled(Style(bold: true))
    text += "c"
    #expect(text.plain == "abc" && text.runs.count == 3 && !text.isEmpty && SafeText().isEmpty)
  }

  @Test func `a prefix never takes more columns than asked for`() {
    let text: SafeText = "a漢\(("字b" as SafeText).styled(Style(bold: true)))"
    #expect(text.width == 6)
    #expect(
      (0...7).map { text.prefix(columns: $0).plain } == [
        "", "a", "a", "a漢", "a漢", "a漢字", "a漢字b", "a漢字b",
      ])
  }

  @Test func `rows are counted as a terminal wraps`() {
    #expect(("" as SafeText).rows(columns: 5) == 1)
    #expect(("abcde" as SafeText).rows(columns: 5) == 1)
    #expect(("abcdef" as SafeText).rows(columns: 5) == 2)
    #expect(("漢漢漢" as SafeText).rows(columns: 5) == 2)
    #expect(("漢漢" as SafeText).rows(columns: 1) == 2)
  }

  @Test func `the last rows of a long text are its end`() {
    let text: SafeText = "abcdefghijk"
    #expect(text.suffix(rows: 2, columns: 5).plain == "fghijk")
    #expect(text.suffix(rows: 3, columns: 5) == text)
    #expect(text.suffix(rows: 0, columns: 5).isEmpty)
  }
}
