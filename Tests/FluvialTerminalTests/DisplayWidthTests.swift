import FluvialTerminal
import Testing

@Suite struct DisplayWidthTests {
  @Test(arguments: [
    ("a", 1), ("é", 1), ("e\u{301}", 1), ("Z\u{351}\u{36B}\u{343}\u{36A}", 1), ("│", 1),
    ("\u{E0B0}", 1),
    ("ก็", 1), ("لا", 2), ("漢", 2), ("한", 2), ("\u{1112}\u{1161}\u{11AB}", 2), ("Ａ", 2), ("😀", 2),
    ("⌚", 2), ("🇳🇱", 2), ("👨‍👩‍👧‍👦", 2), ("👩‍💻", 2), ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 2), ("👍🏽", 2), ("❤️", 2), ("©️", 2), ("1️⃣", 2),
    ("🏳️‍🌈", 2), ("\u{1FAE8}", 2), ("\u{1FAE9}", 2), ("क्षि", 3), ("❤", 1), ("©", 1), ("1", 1),
    ("\u{1F1F3}", 1), ("\u{3000}", 2), ("～", 2), ("カ", 2), ("ｶ", 1), ("𠀀", 2),
  ]) func `every sample takes the columns of the table`(_ sample: (text: String, width: Int)) {
    #expect(displayWidth(of: sample.text) == sample.width)
  }

  @Test func `characters without an advance take none`() {
    for character: Character in [
      "\0", "\u{1B}", "\r\n", "\u{7F}", "\u{85}", "\u{301}", "\u{200D}", "\u{FE0F}", "\u{1161}",
      "\u{AD}",
    ] { #expect(displayWidth(of: character) == 0) }
  }

  @Test func `a string is as wide as its characters together`() {
    #expect(displayWidth(of: "") == 0)
    #expect(displayWidth(of: "aé漢🇳🇱👍🏽") == 8)
    #expect(displayWidth(of: "🇳🇱🇧🇪") == 4)
  }

  @Test(arguments: seeds) func `no text has a negative width or one that traps`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let text = random.hostileText(upTo: 20)
      let width = displayWidth(of: text)
      #expect(width >= 0 && width <= 2 * text.unicodeScalars.count)
    }
  }
}
