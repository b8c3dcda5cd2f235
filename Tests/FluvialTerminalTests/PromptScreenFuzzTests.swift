import FluvialTerminal
import Testing

@Suite struct PromptScreenFuzzTests {
  @Test(arguments: seeds)
  func `whatever is typed and printed, the row is right and no line is lost`(
    _ seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    let columns = Int.random(in: 5...40, using: &random)
    var stage = Stage.started(columns, Int.random(in: 2...8, using: &random))
    var line = LineBuffer()
    var printed: [String] = []
    for number in 0..<200 {
      switch Int.random(in: 0..<5, using: &random) {
      case 0:
        let text = "\(number) "
        stage.print(text)
        printed.append("\(number)")
      case 1: line.insert(random.hostileText(upTo: 5))
      case 2: line.move(to: Int.random(in: 0...max(line.characters.count, 1), using: &random))
      case 3: line.remove((line.cursor - 1)..<(line.cursor + 1))
      default: if random.oneIn(10) { line = LineBuffer() }
      }
      stage.screen.show(line, prompt: "> ")
      stage.turn(after: .milliseconds(Int.random(in: 0...20, using: &random)))
    }
    stage.turn()
    #expect(stage.terminal.transcript == printed)
    expectRightRow(stage, line)
  }

  @Test(arguments: seeds) func `hostile lines, sizes and pauses leave a screen in order`(
    _ seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    var stage = Stage.started(20, 6)
    var line = LineBuffer()
    for _ in 0..<150 {
      switch Int.random(in: 0..<8, using: &random) {
      case 0: stage.print(random.hostileText(upTo: 60))
      case 1: line.insert(random.hostileText(upTo: 8))
      case 2: line.move(to: Int.random(in: -1...30, using: &random))
      case 3:
        let columns = Int.random(in: 1...40, using: &random)
        let rows = Int.random(in: 1...8, using: &random)
        stage.terminal.resize(columns: columns, rows: rows)
        stage.screen.resize(to: TerminalSize(columns: columns, rows: rows), now: stage.now)
      case 4: stage.screen.redraw()
      case 5:
        if random.oneIn(3) { stage.screen.pauseWriting() } else { stage.screen.resumeWriting() }
      case 6:
        stage.screen.suspend()
        stage.turn(after: .zero)
        #expect(stage.terminal.modes == ["?25"])
        stage.screen.resume(
          size: TerminalSize(columns: stage.terminal.columns, rows: stage.terminal.rows))
      default: stage.screen.ring()
      }
      stage.screen.show(line, prompt: "> ")
      stage.turn(after: .milliseconds(Int.random(in: 0...30, using: &random)))
      #expect(stage.terminal.faults.isEmpty)
    }
    stage.screen.resumeWriting()
    stage.screen.redraw()
    stage.turn(after: .seconds(1))
    expectRightRow(stage, line)
    stage.screen.finish()
    stage.turn()
    #expect(stage.terminal.inputRow.isEmpty && stage.terminal.modes == ["?25"])
  }

  /// The input row is the last one, its last column is free, and the character at the cursor is under it.
  private func expectRightRow(_ stage: Stage, _ line: LineBuffer) {
    let terminal = stage.terminal
    #expect(terminal.row == terminal.rows - 1)
    let row = terminal.cells[terminal.rows - 1]
    #expect(row.last == " ")
    if terminal.columns >= 5 { #expect(row[..<2].joined().hasPrefix("> ")) }
    guard line.cursor < line.characters.count else { return }
    let character = line.characters[line.cursor]
    guard let ascii = character.asciiValue, 0x21..<0x7F ~= ascii, terminal.columns >= 5 else {
      return
    }
    #expect(row[terminal.column].first == character)
  }
}
