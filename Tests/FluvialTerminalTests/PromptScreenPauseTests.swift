import FluvialTerminal
import Testing

@Suite struct PromptScreenPauseTests {
  @Test func `suspending clears the row, and resuming leaves what others printed meanwhile`() {
    var stage = Stage.started(20, 5, "draft")
    stage.print("one")
    stage.turn()
    stage.screen.suspend()
    stage.turn(after: .zero)
    #expect(stage.terminal.text == ["", "", "", "one", ""] && stage.terminal.modes == ["?25"])
    stage.terminal.receive("$ fg\r\n")
    stage.print("two")
    stage.show("draft 2")
    #expect(stage.lastOutput.isEmpty && stage.screen.deadline == nil)
    stage.terminal.resize(columns: 15, rows: 4)
    stage.screen.resume(size: TerminalSize(columns: 15, rows: 4))
    stage.turn()
    #expect(stage.terminal.text == ["one", "$ fg", "two", "> draft 2"])
    #expect(stage.terminal.modes == ["?25", "?2004"])
    // What was said before the stop is there on demand.
    stage.screen.redraw()
    stage.turn()
    #expect(stage.terminal.text == ["", "one", "two", "> draft 2"])
  }

  @Test func `a line that was not printed yet survives a stop without notice`() {
    var stage = Stage.started(20, 4)
    stage.print("first")
    stage.screen.suspend(mayWrite: false)
    stage.turn()
    #expect(stage.lastOutput.isEmpty)
    stage.screen.resume(size: TerminalSize(columns: 20, rows: 4))
    stage.turn()
    #expect(stage.terminal.transcript == ["first"] && stage.terminal.inputRow == ">")
  }

  @Test func `lines that came while suspended are all in the history afterwards`() {
    var stage = Stage.started(20, 4)
    stage.screen.suspend()
    stage.turn()
    for number in 0..<30 { stage.print("line \(number)") }
    stage.screen.resume(size: TerminalSize(columns: 20, rows: 4))
    stage.turn()
    #expect(stage.terminal.transcript == (0..<30).map { "line \($0)" })
  }

  @Test func `while the terminal takes no output the newest 500 lines are kept`() {
    var stage = Stage.started(20, 4)
    stage.screen.pauseWriting()
    for number in 0..<5000 {
      stage.print("line \(number)")
      stage.turn()
      #expect(stage.lastOutput.isEmpty)
    }
    stage.show("typed meanwhile")
    #expect(stage.lastOutput.isEmpty && stage.screen.deadline == nil)
    stage.screen.resumeWriting()
    stage.turn()
    #expect(stage.terminal.transcript == (4500..<5000).map { "line \($0)" })
    #expect(stage.screen.droppedLines == 4500)
    #expect(stage.terminal.inputRow == "> typed meanwhile")
  }

  @Test func `the end does not wait for a terminal that takes no output`() {
    var stage = Stage.started(20, 4)
    stage.screen.pauseWriting()
    stage.print("lost")
    stage.screen.finish()
    stage.turn()
    #expect(stage.lastOutput == Array(PromptScreen.offSequence.utf8))
  }

  @Test func `what is kept of very long lines is bounded in bytes`() {
    var stage = Stage.started(20, 4)
    stage.screen.pauseWriting()
    let line = SafeText(sanitizing: String(repeating: "x", count: 1 << 20))
    for _ in 0..<40 { stage.screen.print(line) }
    stage.screen.resumeWriting()
    stage.now += .seconds(1)
    #expect(stage.screen.takeOutput(now: stage.now).count < 5 << 20)
    #expect(stage.screen.droppedLines >= 35)
    stage.screen.redraw()
    stage.now += .seconds(1)
    #expect(stage.screen.takeOutput(now: stage.now).count < 200)
  }

  @Test func `a screen that ends before it started prints its lines plainly`() {
    var stage = Stage(20, 4)
    stage.print("early")
    stage.screen.finish()
    stage.turn()
    #expect(stage.lastOutput == Array("early\r\n".utf8))
  }

  @Test func `lines printed before the start appear with it`() {
    var stage = Stage(20, 4)
    stage.print("early")
    stage.turn()
    #expect(stage.lastOutput.isEmpty)
    stage.screen.start()
    stage.turn()
    #expect(stage.terminal.transcript == ["early"])
  }

  @Test func `suspending and resuming out of turn do nothing`() {
    var stage = Stage(20, 4)
    stage.screen.suspend()
    stage.screen.resume(size: .fallback)
    stage.screen.resumeWriting()
    stage.turn()
    #expect(stage.lastOutput.isEmpty)
  }
}
