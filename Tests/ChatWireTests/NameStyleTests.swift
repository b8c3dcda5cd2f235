import ChatWire
import Testing

@Suite struct NameStyleTests {
  @Test func `a name has the same colour in any spelling`() {
    #expect(NameStyle.color(of: "ann") == NameStyle.color(of: "ANN"))
    #expect(NameStyle.color(of: "straße") == NameStyle.color(of: "STRASSE"))
  }

  @Test func `colours do not change from run to run`() {
    let colors = ["ann", "bob", "dave", "max", "lea"].map { NameStyle.color(of: $0) }
    #expect(colors == [5, 3, 4, 2, 0])
  }

  @Test func `all six colours are used about equally`() {
    var counts = [Int](repeating: 0, count: NameStyle.colorCount)
    for number in 0..<600 { counts[NameStyle.color(of: "u\(number)")] += 1 }
    #expect(counts.allSatisfy { $0 > 60 })
  }

  @Test(arguments: [
    "ann", "hi ann", "ANN: look", "@ann", "ann's", "(ann)", "ann.", "ann...", "ann-", "_ann_",
    "so, Ａｎｎ!", "ann\u{2019}s",
  ])
  func `one's own name is noticed`(_ text: String) throws {
    #expect(try UserName("Ann").isMentioned(in: text))
  }

  @Test(arguments: [
    "", "anna", "joann", "ann-marie", "ann.b", "ann_2", "an n", "山ann", "ann\u{301}",
  ])
  func `another word is not one's name`(_ text: String) throws {
    #expect(try !UserName("ann").isMentioned(in: text))
  }

  @Test(arguments: ["a.b-", "ann_", "é", "straße"])
  func `a name with signs in it is noticed whole`(_ name: String) throws {
    #expect(try UserName(name).isMentioned(in: "hi \(name), and \(name.uppercased())."))
    #expect(try UserName(name).isMentioned(in: "hi \(name)."))
  }

  @Test func `random text never traps`() throws {
    let name = try UserName("ann")
    for seed in UInt64(0)..<1_000 {
      var random = SeededGenerator(seed: seed)
      let text = random.hostileText(pieces: 30)
      #expect(name.isMentioned(in: text + " ann"), "seed \(seed)")
      #expect((0..<6).contains(NameStyle.color(of: text)), "seed \(seed)")
    }
  }
}
