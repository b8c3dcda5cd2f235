import Testing

@testable import FluvialTerminal

@Suite struct LineBufferTests {
  @Test func `one backspace removes what a user sees as one character`() {
    for text in ["é", "e\u{301}", "漢", "👨‍👩‍👧", "🇳🇱", "👍🏽", "1️⃣", "क्षि"] {
      var line = LineBuffer("a" + text)
      #expect(line.cursor == 2)
      line.remove(1..<2)
      #expect(line.text == "a" && line.cursor == 1)
    }
  }

  @Test func `a mark joins the letter before the cursor`() {
    var line = LineBuffer("eb")
    line.move(to: 1)
    line.insert("\u{301}")
    #expect(line.characters == ["e\u{301}", "b"] && line.cursor == 1)
  }

  @Test func `a joiner joins what is on both sides`() {
    var line = LineBuffer("👩💻")
    line.move(to: 1)
    line.insert("\u{200D}")
    #expect(line.characters == ["👩‍💻"] && line.cursor == 1)
  }

  @Test func `an indicator regroups all flags behind it`() {
    var line = LineBuffer("🇳🇱🇧🇪🇩🇪x")
    line.move(to: 0)
    line.insert("\u{1F1EB}")
    #expect(line.characters.count == 5 && line.characters == Array(line.text))
    #expect(line.text.hasSuffix("\u{1F1EA}x"))
  }

  @Test func `removing what stood between joins the rest`() {
    var line = LineBuffer("\u{1F1F3}-\u{1F1F1}")
    line.remove(1..<2)
    #expect(line.characters == ["🇳🇱"])
  }

  @Test func `a line holds 65536 characters and cuts the rest`() {
    var line = LineBuffer(String(repeating: "漢", count: 70_000))
    #expect(line.characters.count == LineBuffer.characterLimit)
    #expect(!line.insert("x") && line.insert(""))
    line.remove(0..<1)
    #expect(!line.insert("ab") && line.characters[0] == "a")
  }

  @Test func `one endless character is cut too`() {
    var line = LineBuffer("e")
    for _ in 0..<5 { line.insert("x" + String(repeating: "\u{301}", count: 1 << 18)) }
    #expect(line.text.utf8.count <= LineBuffer.byteLimit)
  }

  @Test func `positions and ranges that do not exist are brought into the line`() {
    var line = LineBuffer("abc")
    line.move(to: -5)
    #expect(line.cursor == 0)
    line.move(to: .max)
    #expect(line.cursor == 3)
    line.remove(2..<100)
    #expect(line.text == "ab" && line.wordStart(before: .max) == 0 && line.wordEnd(after: -1) == 2)
  }

  @Test func `words are letters and digits`() {
    let line = LineBuffer("ab1, çé  漢字-x")
    #expect(line.wordStart(before: 12) == 9 && line.wordStart(before: 5) == 0)
    #expect(line.wordEnd(after: 0) == 3 && line.wordEnd(after: 3) == 7)
    #expect(line.spacedWordStart(before: 13) == 9 && line.spacedWordStart(before: 9) == 5)
  }

  @Test(arguments: seeds) func `any edits leave what one division of the whole text gives`(
    _ seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    var line = LineBuffer()
    var model = NaiveLine()
    for _ in 0..<150 {
      let low = Int.random(in: 0...model.characters.count, using: &random)
      let high = min(low + Int.random(in: 0...3, using: &random), model.characters.count)
      let text = random.oneIn(3) ? "" : random.hostileText(upTo: 5)
      let (edit, isComplete) = line.replace(low..<high, with: text)
      let before = model
      model.replace(low..<high, with: text)
      #expect(isComplete)
      #expect(line.characters.map(scalars) == model.characters.map(scalars))
      #expect(line.cursor == model.cursor)
      var back = line
      back.apply(edit.inverse)
      #expect(back.characters.map(scalars) == before.characters.map(scalars))
      #expect(line.characters.count <= LineBuffer.characterLimit)
      if model.characters.count > 60 {
        line = LineBuffer()
        model = NaiveLine()
      }
    }
  }
}

func scalars(_ character: Character) -> [Unicode.Scalar] { Array(character.unicodeScalars) }

/// A line that is divided anew as a whole after every change.
struct NaiveLine {
  var text = ""
  var cursor = 0

  var characters: [Character] { Array(text) }

  mutating func replace(_ range: Range<Int>, with new: String) {
    let head = String(characters[..<range.lowerBound]) + new
    text = head + String(characters[range.upperBound...])
    var offset = 0
    cursor = 0
    for character in text where offset < head.utf8.count {
      offset += character.utf8.count
      cursor += 1
    }
  }
}
