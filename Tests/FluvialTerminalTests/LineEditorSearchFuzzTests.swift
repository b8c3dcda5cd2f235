import FluvialTerminal
import Testing

@Suite struct LineEditorSearchFuzzTests {
  @Test(arguments: seeds) func `a search finds what going through all lines finds`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let letters = ["a", "b", "é", "e\u{301}", "漢", " "]
    func word(_ count: Int) -> String {
      (0..<count).map { _ in letters.randomElement(using: &random) ?? "" }.joined()
    }
    for _ in 0..<60 {
      var entries: [String] = []
      for _ in 0..<Int.random(in: 0...8, using: &random) {
        let entry = "x" + word(Int.random(in: 0...4, using: &random))
        if entry != entries.last { entries.append(entry) }
      }
      var editor = LineEditor(history: entries)
      _ = editor.handle(.text("draft"), now: .zero)
      var model = NaiveSearch(entries: entries)
      for _ in 0..<12 {
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1, 2:
          // Only while there is a search is it typed into one.
          guard model.isSearching else { continue }
          let text = word(1)
          _ = editor.handle(.text(text), now: .zero)
          model.type(text)
        case 3:
          let backward = Bool.random(using: &random)
          _ = editor.handle(.key(.character(backward ? "r" : "s"), .control), now: .zero)
          model.search(backward: backward)
        case 4:
          guard model.isSearching else { continue }
          _ = editor.handle(.key(.backspace), now: .zero)
          model.erase()
        default:
          guard model.isSearching, random.oneIn(3) else { continue }
          _ = editor.handle(.key(.character("g"), .control), now: .zero)
          model.leave()
        }
        #expect(editor.search?.query == model.query, "\(entries)")
        #expect(editor.search?.hasFailed ?? false == model.hasFailed, "\(entries)")
        #expect(
          editor.buffer.text.unicodeScalars.elementsEqual(model.shown.unicodeScalars), "\(entries)")
      }
    }
  }
}

/// A search that remembers nothing but what was asked for and where it stands.
private struct NaiveSearch {
  let entries: [String]
  var query: String?
  var hasFailed = false
  private var isBackward = true
  private var found: Int?
  private var lastQuery = ""

  init(entries: [String]) { self.entries = entries }

  var isSearching: Bool { query != nil }

  var shown: String { found.map { entries[$0] } ?? "draft" }

  mutating func search(backward: Bool) {
    isBackward = backward
    guard let query else {
      query = ""
      hasFailed = false
      return
    }
    if query.isEmpty { self.query = lastQuery }
    if self.query?.isEmpty == true { return }
    look(skippingFound: true)
  }

  mutating func type(_ text: String) {
    query = (query ?? "") + text
    look(skippingFound: false)
  }

  mutating func erase() {
    guard var rest = query, !rest.isEmpty else { return }
    rest.removeLast()
    query = rest
    found = nil
    hasFailed = false
    if !rest.isEmpty { look(skippingFound: false) }
  }

  mutating func leave() {
    if let query, !query.isEmpty { lastQuery = query }
    query = nil
    hasFailed = false
    found = nil
  }

  private mutating func look(skippingFound: Bool) {
    let all = Array(entries.indices)
    let order = isBackward ? all.reversed() : all
    var candidates = order[...]
    if let found {
      candidates = order.drop { $0 != found }
      if skippingFound { candidates = candidates.drop { entries[$0] == entries[found] } }
    }
    let wanted = Array((query ?? "").utf8)
    let match = candidates.first { index in
      let bytes = Array(entries[index].utf8)
      return bytes.indices.contains { bytes[$0...].starts(with: wanted) }
    }
    hasFailed = match == nil
    if let match { found = match }
  }
}
