import FluvialTerminal

/// A screen and the terminal that it draws on, with a clock that goes on by a frame for each turn.
struct Stage {
  var screen: PromptScreen
  var terminal: FakeTerminal
  var now = Duration.zero
  private(set) var lastOutput: [UInt8] = []

  init(
    _ columns: Int, _ rows: Int, synchronized: Bool = false, colored: Bool = false,
    joinsClusters: Bool = true
  ) {
    let size = TerminalSize(columns: columns, rows: rows)
    screen = PromptScreen(size: size, colored: colored, synchronized: synchronized)
    terminal = FakeTerminal(
      columns: size.resolved().columns, rows: size.resolved().rows, joinsClusters: joinsClusters)
  }

  static func started(_ columns: Int, _ rows: Int, _ text: String = "") -> Stage {
    var stage = Stage(columns, rows)
    stage.screen.start()
    stage.show(text)
    return stage
  }

  mutating func turn(after pause: Duration = .milliseconds(16)) {
    now += pause
    lastOutput = screen.takeOutput(now: now)
    terminal.receive(lastOutput)
  }

  mutating func show(_ text: String, cursor: Int = .max, prompt: SafeText = "> ") {
    var line = LineBuffer(text)
    line.move(to: cursor)
    screen.show(line, prompt: prompt)
    turn()
  }

  mutating func print(_ text: String) { screen.print(SafeText(sanitizing: text)) }
}
