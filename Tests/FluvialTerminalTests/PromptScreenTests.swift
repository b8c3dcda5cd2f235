import FluvialTerminal
import Testing

@Suite struct PromptScreenTests {
  @Test func `the start leaves what the shell printed in its place`() {
    var stage = Stage(20, 5)
    stage.terminal.receive("$ ls\r\nfile\r\n$ chat\r\n")
    stage.screen.start()
    stage.show("hi")
    #expect(stage.terminal.text == ["$ ls", "file", "$ chat", "", "> hi"])
    #expect(stage.terminal.history.isEmpty && stage.terminal.modes.contains("?2004"))
    #expect(stage.terminal.row == 4 && stage.terminal.column == 4)
  }

  @Test func `lines printed above scroll into the terminal's history`() {
    var stage = Stage.started(20, 4, "draft")
    for number in 1...6 {
      stage.print("line \(number)")
      stage.turn()
    }
    #expect(stage.terminal.transcript == (1...6).map { "line \($0)" })
    #expect(stage.terminal.inputRow == "> draft" && stage.terminal.column == 7)
  }

  @Test func `a line is wrapped by the terminal, and one that just fits adds no empty row`() {
    var stage = Stage.started(10, 6)
    stage.print("0123456789")
    stage.print("0123456789ab")
    stage.print("end")
    stage.turn()
    #expect(stage.terminal.text == ["", "0123456789", "0123456789", "ab", "end", ">"])
  }

  @Test func `everything of one turn is one piece of output`() {
    var stage = Stage.started(20, 5)
    for number in 1...100 { stage.print("line \(number)") }
    stage.turn()
    #expect(stage.terminal.transcript == (1...100).map { "line \($0)" })
    stage.turn()
    #expect(stage.lastOutput.isEmpty)
  }

  @Test func `while lines pour in the screen changes every 16 ms at most`() {
    var stage = Stage.started(20, 5, "draft")
    var frames = 0
    for number in 0..<300 {
      stage.print("line \(number)")
      stage.turn(after: .milliseconds(1))
      if !stage.lastOutput.isEmpty { frames += 1 }
    }
    #expect(frames <= 300 / 16 + 1)
    #expect(stage.screen.deadline.map { $0 > stage.now } ?? true)
    stage.turn()
    #expect(stage.terminal.transcript == (0..<300).map { "line \($0)" })
    #expect(stage.terminal.inputRow == "> draft" && stage.screen.deadline == nil)
  }

  @Test func `the first change after a pause is shown at once`() {
    var stage = Stage.started(20, 5)
    stage.now = .seconds(10)
    stage.print("hello")
    stage.turn(after: .zero)
    #expect(!stage.lastOutput.isEmpty)
    stage.print("again")
    stage.turn(after: .milliseconds(3))
    #expect(stage.lastOutput.isEmpty && stage.screen.deadline == .milliseconds(10_016))
  }

  @Test func `a row that looks the same is not drawn again`() {
    var stage = Stage.started(20, 5, "same")
    stage.show("same")
    #expect(stage.lastOutput.isEmpty)
  }

  @Test func `a paste of ten thousand characters is one small repaint`() {
    var stage = Stage.started(80, 24)
    stage.show(String(repeating: "wörd ", count: 2000))
    #expect(stage.lastOutput.count < 200)
    #expect(stage.terminal.inputRow.hasSuffix("wörd"))
  }

  @Test func `line feeds and controls in the line are shown and do nothing`() {
    var stage = Stage.started(40, 3)
    stage.show("a\nb\r\n\u{1B}[2J\t\u{202E}\u{9B}")
    #expect(stage.terminal.inputRow == "> a⏎b^M⏎^[[2J \u{FFFD}\u{FFFD}")
    #expect(stage.terminal.faults.isEmpty)
  }

  @Test func `the row scrolls sideways around the cursor`() {
    var stage = Stage.started(10, 3)
    stage.show("abcdefghijklm")
    #expect(stage.terminal.inputRow == "> ghijklm" && stage.terminal.column == 9)
    stage.show("abcdefghijklm", cursor: 8)
    #expect(stage.terminal.inputRow == "> ghijklm" && stage.terminal.column == 4)
    stage.show("abcdefghijklm", cursor: 0)
    #expect(stage.terminal.inputRow == "> abcdefg" && stage.terminal.column == 2)
    stage.show("abcdefghijklm", cursor: 7)
    #expect(stage.terminal.inputRow == "> bcdefgh" && stage.terminal.column == 8)
    stage.show("abc")
    #expect(stage.terminal.inputRow == "> abc" && stage.terminal.column == 5)
  }

  @Test func `wide characters are whole or not there`() {
    var stage = Stage.started(10, 3)
    stage.show("漢字漢字漢")
    #expect(stage.terminal.inputRow == "> 漢字漢" || stage.terminal.inputRow == "> 字漢")
    #expect(stage.terminal.column <= 9)
    stage = Stage.started(12, 3)
    stage.show("é漢e\u{301}👍🏽x", cursor: 3)
    #expect(stage.terminal.inputRow == "> é漢e\u{301}👍🏽x" && stage.terminal.column == 6)
  }

  @Test(arguments: ["👍🏽", "👨‍👩‍👧‍👦", "❤️", "🏳️‍🌈", "क्षि"])
  func `a row does not wrap on a terminal that draws the parts of an emoji side by side`(
    _ text: String
  ) {
    var stage = Stage(20, 4, joinsClusters: false)
    stage.screen.start()
    for count in 1...30 {
      stage.show(String(repeating: text, count: count))
      #expect(stage.terminal.history.isEmpty && stage.terminal.text[2] == "")
      #expect(stage.terminal.inputRow.hasPrefix(">"))
    }
  }

  @Test func `during a search its prompt is shown and what it found`() {
    var stage = Stage(40, 3)
    stage.screen.start()
    let typist = Typist("\u{12}wo", history: ["two"])
    stage.screen.show(typist.editor, prompt: "> ")
    stage.turn()
    #expect(stage.terminal.inputRow == "(search back: wo) two")
    stage.screen.show(Typist("ab").editor, prompt: "> ")
    stage.turn()
    #expect(stage.terminal.inputRow == "> ab")
  }

  @Test func `a bell is rung once a turn`() {
    var stage = Stage.started(10, 3)
    stage.screen.ring()
    stage.screen.ring()
    stage.turn()
    #expect(stage.terminal.bells == 1)
  }

  @Test func `styles are escape sequences only in colour`() {
    for colored in [true, false] {
      var stage = Stage(20, 3, colored: colored)
      stage.screen.start()
      stage.screen.print("<\(("bob" as SafeText).styled(Style(.red)))>")
      stage.show("", prompt: ("> " as SafeText).styled(Style(bold: true)))
      #expect(stage.terminal.styles == (colored ? ["31m", "0m", "1m", "0m"] : []))
      #expect(stage.terminal.text == ["", "<bob>", ">"])
    }
  }

  @Test func `a frame can be marked to be shown as a whole`() {
    var stage = Stage(10, 3, synchronized: true)
    stage.screen.start()
    stage.show("a")
    #expect(stage.terminal.modes == ["?25", "?2004"])
    let output = String(decoding: stage.lastOutput, as: UTF8.self)
    #expect(output.contains("\u{1B}[?2026h\r") && output.hasSuffix("\u{1B}[?2026l"))
  }

  @Test func `the end removes the row and takes every mode back`() {
    var stage = Stage.started(20, 4, "draft")
    stage.print("last")
    stage.screen.finish()
    stage.screen.finish()
    stage.turn(after: .zero)
    #expect(stage.terminal.text == ["", "", "last", ""] && stage.terminal.modes == ["?25"])
    stage.print("after")
    stage.turn()
    #expect(stage.terminal.text == ["", "last", "after", ""])
    stage.screen.start()
    stage.turn()
    #expect(stage.lastOutput.isEmpty && stage.screen.deadline == nil)
  }

  @Test func `the off sequence is as documented`() {
    #expect(PromptScreen.offSequence == "\u{1B}[?2004l\u{1B}[0m\u{1B}[?25h\r\u{1B}[J")
  }
}

@Suite struct PromptScreenSizeTests {
  @Test func `a new size is drawn when it has settled`() {
    var stage = Stage.started(20, 6, "draft")
    for number in 1...9 { stage.print("line \(number)") }
    stage.turn()
    for columns in [18, 15, 12] {
      stage.terminal.resize(columns: columns, rows: 4)
      stage.screen.resize(to: TerminalSize(columns: columns, rows: 4), now: stage.now)
      stage.turn(after: .milliseconds(5))
      #expect(stage.lastOutput.isEmpty)
    }
    #expect(stage.screen.deadline == stage.now + .milliseconds(15))
    stage.turn(after: .milliseconds(15))
    #expect(stage.terminal.text == ["line 7", "line 8", "line 9", "> draft"])
  }

  @Test func `a storm of sizes does not keep the screen still for longer than 200 ms`() {
    var stage = Stage.started(20, 6)
    var frames = 0
    for step in 0..<100 {
      stage.screen.resize(to: TerminalSize(columns: 20 + step % 3, rows: 6), now: stage.now)
      stage.turn(after: .milliseconds(10))
      if !stage.lastOutput.isEmpty { frames += 1 }
    }
    #expect(4...5 ~= frames)
  }

  @Test func `lines that wrap are counted when the screen is drawn anew`() {
    var stage = Stage.started(10, 5)
    stage.print("first")
    stage.print("0123456789abcde")
    stage.print("漢漢漢漢漢漢")
    stage.turn()
    stage.screen.redraw()
    stage.turn()
    #expect(stage.terminal.text == ["0123456789", "abcde", "漢漢漢漢漢", "漢", ">"])
  }

  @Test func `lines that were not printed yet go to the history when the screen is drawn anew`() {
    var stage = Stage.started(20, 6)
    for number in 0..<2500 { stage.print("line \(number)") }
    stage.screen.redraw()
    stage.turn()
    #expect(stage.terminal.transcript == (0..<2500).map { "line \($0)" })
  }

  @Test func `few lines are drawn next to the input row`() {
    var stage = Stage.started(10, 6, "x")
    stage.print("a")
    stage.turn()
    stage.screen.redraw()
    stage.turn()
    #expect(stage.terminal.text == ["", "", "", "", "a", "> x"])
  }

  @Test func `of a line longer than the screen the end is shown`() {
    var stage = Stage.started(5, 3)
    stage.print("abcdefghijklmno")
    stage.turn()
    stage.screen.redraw()
    stage.turn()
    #expect(stage.terminal.text == ["fghij", "klmno", ">"])
  }

  @Test func `five columns and two rows are enough`() {
    var stage = Stage.started(5, 2, "漢")
    #expect(stage.terminal.inputRow == "> 漢" && stage.terminal.column == 4)
    stage.print("hello, world")
    stage.show("ab")
    #expect(stage.terminal.inputRow == "> ab")
    #expect(stage.terminal.transcript == ["hello", ", wor", "ld"])
    stage.screen.redraw()
    stage.turn()
    #expect(stage.terminal.text == ["ld", "> ab"])
  }

  @Test func `a terminal without a size is taken for the usual one`() {
    let stage = Stage.started(0, 0, "hi")
    #expect(stage.screen.size == TerminalSize(columns: 80, rows: 24))
    #expect(stage.terminal.inputRow == "> hi" && stage.terminal.row == 23)
  }

  @Test func `no size is too small to survive`() {
    for columns in 1...6 {
      for rows in 1...3 {
        var stage = Stage.started(columns, rows, "漢a👍🏽\u{16}b")
        stage.print("hello 漢字")
        stage.screen.redraw()
        stage.show("क्षिabc", cursor: 1, prompt: "long prompt ")
        #expect(stage.terminal.cells[rows - 1][columns - 1] == " ")
        #expect(stage.terminal.faults.isEmpty)
      }
    }
  }

  @Test func `a prompt longer than the row is cut`() {
    var stage = Stage.started(10, 2)
    stage.show("abcdef", prompt: "a very long prompt ")
    #expect(stage.terminal.inputRow == "a very ef")
  }
}
