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

  @Test(arguments: ["server", "System", "SERVER", "ｓｅｒｖｅｒ", "ſystem"])
  func `a reserved name is refused in any disguise`(_ name: String) {
    #expect(throws: NameError.reserved) { try UserName(name) }
  }

  @Test(arguments: [NameError.empty, .tooLong, .badStart, .badCharacter, .reserved])
  func `every refusal has a text of its own`(_ error: NameError) {
    #expect(!error.description.isEmpty)
  }
}
