import ChatWire
import Testing

@Suite struct UserNameTests {
  @Test(arguments: [
    "a", "7", "ann", "Ann-Marie_2.0", "Łukasz", "山田", "Ωμέγα", "नमस्ते", "a---", "x.y",
    "abcdefghijklmnopqrstuvwx",
  ])
  func `an ordinary name is accepted and keeps its spelling`(_ name: String) throws {
    #expect(try UserName(name).text == name)
  }

  @Test func `an empty name is refused`() {
    #expect(throws: NameError.empty) { try UserName("") }
  }

  @Test func `a name with a space is refused`() {
    #expect(throws: NameError.badCharacter) { try UserName("ann lee") }
  }

  @Test(arguments: ["<ann", ">ann", "*ann", "!ann", "-ann", "_ann", ".ann", "\u{301}ann", " ann"])
  func `a name must start with a letter or a digit`(_ name: String) {
    #expect(throws: NameError.badStart) { try UserName(name) }
  }

  @Test(arguments: [
    "a\u{1B}[31m", "a\u{0}", "a\u{7F}", "a\u{9B}", "a\u{202E}b", "a\u{2066}b", "a\u{200B}b",
    "a\u{200D}b", "a\u{FE0F}", "a\u{FFFD}", "a>b", "a:b", "a,b", "a😀", "a\u{3164}", "a\nb",
  ])
  func `a name with anything but letters, digits, marks and a few signs is refused`(_ name: String)
  {
    #expect(throws: NameError.badCharacter) { try UserName(name) }
  }

  @Test func `a letter that draws nothing cannot be a name`() {
    #expect(throws: NameError.badStart) { try UserName("\u{3164}") }
  }

  @Test func `the twenty-fifth character is one too many`() {
    #expect(throws: Never.self) { try UserName(String(repeating: "é", count: 24)) }
    #expect(throws: NameError.tooLong) { try UserName(String(repeating: "a", count: 25)) }
  }

  @Test func `the sixty-fifth byte is one too many`() {
    #expect(throws: Never.self) { try UserName(String(repeating: "山", count: 21) + "a") }
    #expect(throws: NameError.tooLong) { try UserName(String(repeating: "山", count: 22)) }
    let pile = "a" + String(repeating: "\u{323}", count: 40)
    #expect(throws: NameError.tooLong) { try UserName(pile) }
    #expect(throws: NameError.tooLong) { try UserName(String(repeating: "x", count: 1_000_000)) }
  }

  @Test func `a name is stored composed`() throws {
    #expect(try Array(UserName("e\u{301}").text.unicodeScalars) == ["\u{E9}"])
  }

  @Test(arguments: [
    ("ann", "ANN"), ("ann", "Ａｎｎ"), ("straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("é", "E\u{301}"), ("ﬀ", "FF"),
  ])
  func `names that differ in case or width are one user`(_ left: String, _ right: String) throws {
    #expect(try UserName(left) == UserName(right))
    #expect(try Set([UserName(left), UserName(right)]).count == 1)
  }

  @Test func `names that differ are two users`() throws {
    #expect(try UserName("ann") != UserName("anna"))
    #expect(try UserName("e") != UserName("é"))
  }

  /// A name as the rules are written down, decided anew without looking at how it is done.
  private func isName(_ spelling: String) -> Bool {
    let name = (try? UserName(spelling))?.text ?? spelling
    let scalars = Array(name.unicodeScalars)
    func isLetter(_ scalar: Unicode.Scalar) -> Bool {
      let category = "\(scalar.properties.generalCategory)"
      return (category.hasSuffix("Letter") || category == "decimalNumber")
        && !scalar.properties.isDefaultIgnorableCodePoint
    }
    func isMark(_ scalar: Unicode.Scalar) -> Bool {
      "\(scalar.properties.generalCategory)".hasSuffix("Mark")
        && !scalar.properties.isDefaultIgnorableCodePoint
    }
    guard let first = scalars.first, isLetter(first), name.count <= 24, name.utf8.count <= 64
    else { return false }
    return scalars.allSatisfy { isLetter($0) || isMark($0) || "_-.".unicodeScalars.contains($0) }
      && !["server", "system"].contains(name.lowercased())
  }

  @Test func `random names never trap, and those that pass obey every rule`() throws {
    var passed = 0
    for seed in UInt64(0)..<20_000 {
      var random = SeededGenerator(seed: seed)
      let spelling =
        random.next() % 2 == 0 ? random.hostileText(pieces: 4) : random.hostileName()
      guard let name = try? UserName(spelling) else { continue }
      passed += 1
      #expect(isName(spelling), "seed \(seed)")
      #expect(name.text.cleaned == name.text, "seed \(seed)")
      // Its own spelling is the same name, and so is what lines carry.
      #expect(try UserName(name.text).text == name.text, "seed \(seed)")
      if let shouted = try? UserName(name.text.uppercased()) {
        #expect(shouted == name, "seed \(seed)")
      }
      let line = ServerLine.message(from: name.text, text: "x")
      #expect(ServerLine(parsing: line.formatted) == line, "seed \(seed)")
      let connect = ClientLine.connect(name: name.text, options: [])
      let parsed = ClientLine(parsing: Array((connect.formatted ?? "").utf8), phase: .connecting)
      #expect(parsed == connect, "seed \(seed)")
    }
    #expect(passed > 2_000)
  }

  @Test(arguments: ["server", "System", "SERVER", "ｓｅｒｖｅｒ", "ſystem"])
  func `a reserved name is refused in any disguise`(_ name: String) {
    #expect(throws: NameError.reserved) { try UserName(name) }
  }

  @Test func `more than four marks on a letter are no name`() throws {
    // No letter is composed of an x and a dot.
    let four = "x" + String(repeating: "\u{323}", count: 4)
    #expect(throws: Never.self) { try UserName(four + "b" + four.dropFirst()) }
    // Composed first: what one letter can be with its marks does not count them.
    #expect(throws: Never.self) { try UserName("a\u{323}\u{302}\u{331}\u{332}\u{333}") }
    #expect(throws: NameError.tooManyMarks) { try UserName(four + "\u{323}") }
    #expect(throws: NameError.tooManyMarks) { try UserName("ann" + four + "\u{330}.x") }
  }

  @Test(arguments: [NameError.empty, .tooLong, .badStart, .badCharacter, .tooManyMarks, .reserved])
  func `every refusal has a text of its own`(_ error: NameError) {
    #expect(!error.description.isEmpty)
  }
}
