import FluvialTerminal
import Testing

@Suite struct LineEditorHistoryTests {
  @Test(arguments: [("\u{10}", "\u{E}"), ("\u{1B}[A", "\u{1B}[B"), ("\u{1B}OA", "\u{1B}OB")])
  func `lines are recalled and the draft comes back at the end`(_ keys: (up: String, down: String))
  {
    var typist = Typist("one\rtwo\rdraft")
    typist.type(keys.up)
    #expect(typist.shown == "two|")
    typist.type(keys.up)
    #expect(typist.shown == "one|")
    #expect(typist.type(keys.up) == [.bell] && typist.shown == "one|")
    typist.type(keys.down + keys.down)
    #expect(typist.shown == "draft|")
    #expect(typist.type(keys.down) == [.bell])
  }

  @Test func `an edited line keeps its edits until one is submitted`() {
    var typist = Typist("one\rtwo\r\u{10}!\u{10}?\u{E}")
    #expect(typist.shown == "two!|")
    #expect(typist.type("\r") == [.submit("two!")])
    #expect(typist.editor.history == ["one", "two", "two!"])
    typist.type("\u{10}\u{10}\u{10}")
    #expect(typist.shown == "one|")
  }

  @Test func `undo belongs to each line`() {
    var typist = Typist("one\rab\u{10}x\u{1F}")
    #expect(typist.shown == "one|")
    typist.type("\u{E}\u{1F}")
    #expect(typist.shown == "|")
  }

  @Test func `a line with a space in front, an empty one and a repeated one are not kept`() {
    let typist = Typist(" secret\r\rone\rone\r")
    #expect(typist.editor.history == ["one"])
  }

  @Test func `answers that are no lines like the others are not kept`() {
    var typist = Typist("one\r")
    typist.editor.keepsHistory = false
    #expect(typist.type("ann\r") == [.submit("ann")])
    typist.editor.keepsHistory = true
    #expect(typist.editor.history == ["one"])
    typist.type("\u{10}")
    #expect(typist.shown == "one|")
  }

  @Test func `a thousand entries are kept`() {
    var typist = Typist(history: (0..<1500).map { "old \($0)" })
    #expect(typist.editor.history.count == 1000 && typist.editor.history[0] == "old 500")
    typist.type("new\r")
    #expect(typist.editor.history.count == 1000 && typist.editor.history[0] == "old 501")
    #expect(LineEditor(history: ["a"], historyLimit: -1).history.isEmpty)
  }
}

@Suite struct LineEditorSearchTests {
  private let history = ["ls one", "cd two", "ls three", "ls three"]

  @Test func `control-r finds older lines letter by letter`() {
    var typist = Typist("draft\u{12}l", history: history)
    #expect(typist.editor.search?.query == "l" && typist.editor.search?.isBackward == true)
    #expect(typist.shown == "|ls three")
    typist.type("s o")
    #expect(typist.shown == "|ls one")
    #expect(typist.type("x") == [.bell])
    #expect(typist.editor.search?.hasFailed == true && typist.shown == "|ls one")
    typist.type("\u{7F}")
    #expect(typist.editor.search?.hasFailed == false && typist.shown == "|ls one")
  }

  @Test func `control-r again goes on to another line and control-s comes back`() {
    var typist = Typist("\u{12}ls\u{12}", history: history)
    #expect(typist.shown == "|ls one")
    #expect(typist.type("\u{12}") == [.bell] && typist.shown == "|ls one")
    typist.type("\u{13}")
    #expect(typist.shown == "|ls three")
  }

  @Test func `the cursor is at what was found`() {
    #expect(Typist("\u{12}wo", history: ["é漢two"]).shown == "é漢t|wo")
  }

  @Test func `control-g and control-c bring the draft back`() {
    for key in ["\u{7}", "\u{3}"] {
      var typist = Typist("draft\u{12}two", history: history)
      #expect(typist.type(key) == [])
      #expect(typist.editor.search == nil && typist.shown == "draft|")
    }
  }

  @Test func `escape keeps the line that was found, and the draft is still there`() {
    var typist = Typist("draft\u{12}two", history: history)
    typist.type("\u{1B}")
    #expect(typist.editor.search == nil && typist.shown == "cd |two")
    typist.type("\u{E}\u{E}\u{E}")
    #expect(typist.shown == "draft|")
  }

  @Test func `another key ends the search and does its work`() {
    var typist = Typist("\u{12}two", history: history)
    #expect(typist.type("\r") == [.submit("cd two")])
    typist.type("\u{12}one\u{5}!")
    #expect(typist.editor.search == nil && typist.shown == "ls one!|")
  }

  @Test func `the prompt says what is looked for`() {
    var typist = Typist("\u{12}two", history: history)
    #expect(typist.editor.search?.prompt.plain == "(search back: two) ")
    typist.type("!")
    #expect(typist.editor.search?.prompt.plain == "(not found: two!) ")
    typist.type("\u{7F}\u{13}")
    #expect(typist.editor.search?.isBackward == false)
  }

  @Test func `an empty search repeats the last one`() {
    var typist = Typist("\u{12}two\u{7}", history: history)
    typist.type("\u{12}\u{12}")
    #expect(typist.shown == "cd |two")
  }

  @Test func `a query has an end and a search in nothing fails`() {
    var typist = Typist("\u{12}")
    #expect(typist.type("a") == [.bell])
    #expect(typist.type(String(repeating: "b", count: 300)) == [.bell])
    #expect(typist.editor.search?.query == "a")
    typist.type("\u{7F}")
    #expect(typist.editor.search?.query == "" && typist.type("\u{7F}") == [.bell])
  }
}

@Suite struct LineEditorCompletionTests {
  private let names = ["anna", "annika", "annette"]

  @Test func `tab asks what the word can become`() {
    var typist = Typist("/msg an")
    #expect(typist.type("\t") == [.complete(CompletionRequest(word: "an", before: "/msg "))])
  }

  @Test func `one candidate is taken`() {
    var typist = Typist("hi bo\t")
    #expect(typist.editor.complete(with: ["bob "]) == [.repaint])
    #expect(typist.shown == "hi bob |")
  }

  @Test func `with more the common beginning is taken, the second tab lists, further ones cycle`() {
    var typist = Typist("an\t")
    #expect(typist.editor.complete(with: names) == [.repaint])
    #expect(typist.shown == "ann|")
    #expect(typist.type("\t") == [.list(names)])
    for expected in ["anna|", "annika|", "annette|", "anna|"] {
      #expect(typist.type("\t") == [])
      #expect(typist.shown == expected)
    }
    typist.type("\u{1B}[Z")
    #expect(typist.shown == "annette|")
    typist.type("\u{1F}")
    #expect(typist.shown == "ann|")
  }

  @Test func `shift-tab begins at the end`() {
    var typist = Typist("an\u{1B}[Z")
    #expect(typist.editor.complete(with: names) == [.repaint])
    #expect(typist.shown == "annette|")
    typist.type("\u{1B}[Z")
    #expect(typist.shown == "annika|")
  }

  @Test func `nothing to complete with rings the bell`() {
    var typist = Typist("zz\t")
    #expect(typist.editor.complete(with: []) == [.bell])
    #expect(typist.editor.complete(with: ["zz1"]) == [])
  }

  @Test func `candidates that share no more than the word only ring`() {
    var typist = Typist("ann\t")
    #expect(typist.editor.complete(with: names) == [.bell])
    #expect(typist.type("\t") == [.list(names)])
  }

  @Test func `an answer that comes after another key is too late`() {
    var typist = Typist("an\tx")
    #expect(typist.editor.complete(with: ["anna"]) == [] && typist.shown == "anx|")
  }

  @Test func `a candidate equal to the word does not disturb the undo of others`() {
    var typist = Typist("ann\t")
    _ = typist.editor.complete(with: ["ann", "anna"])
    typist.type("\t\t\t\t")
    #expect(typist.shown == "ann|")
  }

  @Test func `candidates lose their control characters`() {
    var typist = Typist("a\t")
    _ = typist.editor.complete(with: ["a\u{1B}[2Jb"])
    #expect(typist.shown == "a[2Jb|")
  }
}
