import FluvialTerminal
import Testing

/// An editor at the other end of a decoder, to be given what a terminal would send.
struct Typist {
  var editor: LineEditor
  var now = Duration.zero
  private var decoder = KeyDecoder()

  init(_ bytes: String = "", history: [String] = []) {
    editor = LineEditor(history: history)
    type(bytes)
  }

  /// Everything but repaints.
  @discardableResult
  mutating func type(_ bytes: String) -> [LineEditor.Action] {
    var events = decoder.feed(bytes.utf8, now: now)
    if let deadline = decoder.deadline { events += decoder.timeout(now: deadline) }
    return events.flatMap { editor.handle($0, now: now) }.filter { $0 != .repaint }
  }

  /// The line with a bar at the cursor.
  var shown: String {
    let buffer = editor.buffer
    let rest = buffer.characters[buffer.cursor...]
    return buffer.textBeforeCursor + "|" + String(rest)
  }
}

@Suite struct LineEditorTests {
  @Test(arguments: ["\r", "\n"]) func `enter and control-j submit`(_ key: String) {
    var typist = Typist("hello")
    #expect(typist.type(key) == [.submit("hello")])
    #expect(typist.shown == "|")
    #expect(typist.type(key) == [.submit("")])
  }

  @Test(arguments: [
    ("\u{1}", "|ab cd"), ("\u{1B}[H", "|ab cd"), ("\u{1}\u{5}", "ab cd|"),
    ("\u{1}\u{1B}[F", "ab cd|"),
    ("\u{2}", "ab c|d"), ("\u{1B}[D", "ab c|d"), ("\u{1}\u{6}", "a|b cd"),
    ("\u{1}\u{1B}[C", "a|b cd"),
    ("\u{1}\u{2}", "|ab cd"), ("\u{6}", "ab cd|"),
  ]) func `the cursor moves by characters and to the ends`(_ sample: (keys: String, shown: String))
  {
    #expect(Typist("ab cd" + sample.keys).shown == sample.shown)
  }

  @Test(arguments: [
    ("\u{1B}b", "one |two"), ("\u{1B}[1;5D", "one |two"), ("\u{1B}[1;3D", "one |two"),
    ("\u{1}\u{1B}f", "one| two"), ("\u{1}\u{1B}[1;5C", "one| two"),
    ("\u{1}\u{1B}[1;3C", "one| two"),
    ("\u{1B}b\u{1B}b\u{1B}b", "|one two"),
  ]) func `the cursor moves by words`(_ sample: (keys: String, shown: String)) {
    #expect(Typist("one two" + sample.keys).shown == sample.shown)
  }

  @Test(arguments: [
    ("\u{7F}", "a漢|"), ("\u{8}", "a漢|"), ("\u{1}\u{1B}[3~", "|漢é"), ("\u{1}\u{4}", "|漢é"),
    ("\u{1B}[3~", "a漢é|"), ("\u{4}", "a漢é|"), ("\u{1}\u{7F}", "|a漢é"),
  ]) func `one key deletes one character`(_ sample: (keys: String, shown: String)) {
    #expect(Typist("a漢e\u{301}" + sample.keys).shown == sample.shown)
  }

  @Test(arguments: [
    ("\u{17}", "one |"), ("\u{1B}\u{7F}", "one two-|"), ("\u{1}\u{1B}d", "| two-x"),
    ("\u{1B}b\u{15}", "|x"), ("\u{1}\u{6}\u{B}", "o|"),
  ]) func `a kill removes a part and a yank brings it back`(_ sample: (keys: String, shown: String))
  {
    var typist = Typist("one two-x" + sample.keys)
    #expect(typist.shown == sample.shown)
    let bar = typist.editor.buffer.cursor
    typist.type("\u{19}")
    #expect(typist.editor.buffer.text == "one two-x")
    #expect(typist.editor.buffer.cursor >= bar)
  }

  @Test func `kills in a row are one piece, in the order of the text`() {
    #expect(Typist("a b c d\u{17}\u{17}\u{2}\u{19}").shown == "a bc d| ")
    #expect(Typist("ab cd\u{1}\u{1B}d\u{1B}dx\u{19}").shown == "xab cd|")
  }

  @Test func `alt-y goes to older pieces, and only after a yank`() {
    var typist = Typist("one\u{15}two\u{15}three\u{15}")
    #expect(typist.type("\u{19}\u{1B}y") == [] && typist.shown == "two|")
    typist.type("\u{1B}y")
    #expect(typist.shown == "one|")
    typist.type("\u{1B}y")
    #expect(typist.shown == "three|")
    #expect(typist.type("x\u{1B}y") == [.bell] && typist.shown == "threex|")
    #expect(Typist().editor.buffer.isEmpty)
    var empty = Typist()
    #expect(empty.type("\u{19}") == [.bell])
  }

  @Test func `undo takes a run of typing, a paste and a kill each at once`() {
    var typist = Typist("abc")
    typist.type("\u{1B}[200~p q\u{1B}[201~")
    typist.type("de\u{17}")
    #expect(typist.shown == "abcp |")
    for expected in ["abcp qde|", "abcp q|", "abc|", "|"] {
      #expect(typist.type("\u{1F}") == [])
      #expect(typist.shown == expected)
    }
    #expect(typist.type("\u{1F}") == [.bell])
    typist.type("\u{1B}_")
    #expect(typist.shown == "abc|")
    typist.type("\u{18}\u{15}")
    #expect(typist.shown == "abcp q|")
    typist.type("x")
    #expect(typist.type("\u{1B}_") == [.bell])
  }

  @Test func `two hundred steps can be undone`() {
    var typist = Typist()
    for _ in 0..<250 { typist.type("a\u{2}\u{6}") }
    var count = 0
    while typist.type("\u{1F}") == [] { count += 1 }
    #expect(count == 200 && typist.editor.buffer.characters.count == 50)
  }

  @Test func `control-t exchanges two characters`() {
    #expect(Typist("abc\u{14}").shown == "acb|")
    #expect(Typist("abc\u{1}\u{6}\u{14}").shown == "ba|c")
    #expect(Typist("a\u{14}").shown == "a|" && Typist("ab\u{1}\u{14}").shown == "|ab")
  }

  @Test func `control-c clears the line, then asks, then leaves`() {
    var typist = Typist("abc")
    #expect(typist.type("\u{3}") == [] && typist.shown == "|")
    #expect(typist.type("\u{3}") == [.confirmInterrupt])
    typist.now = .milliseconds(1999)
    #expect(typist.type("\u{3}") == [.interrupt])
    #expect(typist.editor.interrupt(now: .seconds(9)) == [.confirmInterrupt])
  }

  @Test func `a second control-c after two seconds, or after another key, asks again`() {
    var typist = Typist("\u{3}")
    typist.now = .seconds(2)
    #expect(typist.type("\u{3}") == [.confirmInterrupt])
    #expect(typist.type("x\u{7F}\u{3}") == [.confirmInterrupt])
  }

  @Test func `control-d on an empty line is the end of the input`() {
    var typist = Typist()
    #expect(typist.type("\u{4}") == [.endOfInput])
  }

  @Test func `control-z suspends and control-l redraws`() {
    var typist = Typist("a")
    #expect(typist.type("\u{1A}") == [.suspend] && typist.type("\u{C}") == [.redraw])
    #expect(typist.shown == "a|")
  }

  @Test func `control-v takes the next key literally, and submitting strips it`() {
    var typist = Typist("a\u{16}\u{3}\u{16}\u{1B}")
    #expect(typist.editor.buffer.text == "a\u{3}\u{1B}")
    typist.type("\u{16}\t\u{16}\u{7F}\u{16}\rb\u{16}c")
    #expect(typist.editor.buffer.text == "a\u{3}\u{1B}\t\u{7F}\rbc")
    #expect(typist.type("\u{16}\u{1B}[A") == [.bell])
    #expect(typist.type("\r") == [.submit("abc")])
  }

  @Test func `a paste stays one line and is submitted with its line feeds`() {
    var typist = Typist("\u{1B}[200~a\r\nb\rc\u{1B}[201~")
    #expect(typist.shown == "a\nb\nc|")
    #expect(typist.type("\r") == [.submit("a\nb\nc")])
  }

  @Test func `a full line rings the bell`() {
    var typist = Typist()
    typist.type("\u{1B}[200~" + String(repeating: "x", count: 65_536) + "\u{1B}[201~")
    #expect(typist.type("y") == [.bell])
    #expect(typist.editor.buffer.characters.count == 65_536)
  }

  @Test func `a rejected text comes back, before what was written since`() {
    var typist = Typist("hello\r")
    typist.editor.reject("hello")
    #expect(typist.shown == "hello|")
    #expect(typist.type("\r") == [.submit("hello")])
    typist.type("new")
    typist.editor.reject("hello")
    #expect(typist.shown == "hello\nnew|")
  }

  @Test func `keys without a meaning and replies change nothing`() {
    var typist = Typist("a")
    #expect(typist.type("\u{1B}[5~\u{1B}OP\u{1B}q\u{1B}[99~\u{1B}[12;40R\u{0}") == [])
    #expect(typist.shown == "a|")
    #expect(typist.type("\u{18}q") == [.bell] && typist.type("\u{18}\u{1}") == [.bell])
    #expect(typist.shown == "a|")
  }

  @Test func `a repaint is asked for when something changed`() {
    var editor = LineEditor()
    #expect(editor.handle(.text("a"), now: .zero) == [.repaint])
    #expect(editor.handle(.key(.pageUp), now: .zero) == [])
    #expect(editor.handle(.key(.enter), now: .zero) == [.submit("a"), .repaint])
  }
}
