import FluvialTerminal
import Testing

@Suite struct LineEditorFuzzTests {
  /// Keys by what they do to a plain line, for a model to follow.
  private enum Step: CaseIterable {
    case type, left, right, home, end, backspace, delete, killStart, killEnd, yank, undo, redo
  }

  @Test(arguments: seeds) func `editing agrees with a naive model`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var editor = LineEditor()
    var model = NaiveEditor()
    for _ in 0..<300 {
      let step = Step.allCases[Int.random(in: 0..<Step.allCases.count, using: &random)]
      let text = random.hostileText(upTo: 4)
      let event: KeyEvent
      switch step {
      case .type:
        event = .text(text)
        model.type(text)
      case .left:
        event = .key(.left)
        model.move(to: model.line.cursor - 1)
      case .right:
        event = .key(.right)
        model.move(to: model.line.cursor + 1)
      case .home:
        event = .key(.home)
        model.move(to: 0)
      case .end:
        event = .key(.end)
        model.move(to: .max)
      case .backspace:
        event = .key(.backspace)
        model.remove((model.line.cursor - 1)..<model.line.cursor)
      case .delete:
        event = .key(.delete)
        model.remove(model.line.cursor..<(model.line.cursor + 1))
      case .killStart:
        event = .key(.character("u"), .control)
        model.kill(0..<model.line.cursor, backward: true)
      case .killEnd:
        event = .key(.character("k"), .control)
        model.kill(model.line.cursor..<model.line.characters.count, backward: false)
      case .yank:
        event = .key(.character("y"), .control)
        model.yank()
      case .undo:
        event = .key(.character("_"), .control)
        model.undo()
      case .redo:
        event = .key(.character("_"), .alt)
        model.redo()
      }
      _ = editor.handle(event, now: .zero)
      #expect(
        editor.buffer.characters.map(scalars) == model.line.characters.map(scalars), "\(step)")
      #expect(editor.buffer.cursor == model.line.cursor, "\(step)")
    }
  }

  @Test(arguments: seeds) func `any keys leave a line in order`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var editor = LineEditor(history: ["one", "two ab", "ab"])
    var now = Duration.zero
    for _ in 0..<400 {
      now += .milliseconds(Int.random(in: 0...1500, using: &random))
      for action in editor.handle(event(&random), now: now) {
        switch action {
        case .submit(let text):
          #expect(
            text.unicodeScalars.allSatisfy {
              $0 == "\n" || $0.properties.generalCategory != .control
            })
          if random.oneIn(3) { editor.reject(text) }
        case .complete(let request):
          if random.oneIn(4) { continue }
          let words = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            request.word + random.hostileText(upTo: 2)
          }
          _ = editor.complete(with: words)
        default: break
        }
      }
      let buffer = editor.buffer
      #expect(0...buffer.characters.count ~= buffer.cursor)
      #expect(buffer.characters.map(scalars) == Array(buffer.text).map(scalars))
      #expect(!editor.history.contains { $0.isEmpty || $0.hasPrefix(" ") })
    }
  }

  private func event(_ random: inout SeededGenerator) -> KeyEvent {
    let keys: [Key] = [
      .enter, .tab, .backspace, .escape, .up, .down, .left, .right, .home, .end, .delete, .pageUp,
    ]
    let letters = Array("abcdefghijklmnopqrstuvwxyz_/ ")
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return .text(random.hostileText(upTo: 3))
    case 1: return .paste(random.hostileText(upTo: 6) + "\nab")
    case 2:
      let modifiers = KeyModifiers(
        rawValue: random.oneIn(3) ? UInt8.random(in: 0...7, using: &random) : 0)
      return .key(keys[Int.random(in: 0..<keys.count, using: &random)], modifiers)
    default:
      let letter = letters[Int.random(in: 0..<letters.count, using: &random)]
      return .key(.character(letter), random.oneIn(4) ? .alt : .control)
    }
  }
}

/// An editor that keeps a copy of the whole line for every step.
private struct NaiveEditor {
  var line = NaiveLine()
  private var undos: [(before: NaiveLine, after: NaiveLine)] = []
  private var redos: [(before: NaiveLine, after: NaiveLine)] = []
  private var isTyping = false
  private var isKilling = false
  private var killed = ""

  mutating func type(_ text: String) {
    change(line.cursor..<line.cursor, text, joins: isTyping)
    isTyping = true
  }

  mutating func move(to position: Int) {
    line.cursor = min(max(position, 0), line.characters.count)
    isTyping = false
    isKilling = false
  }

  mutating func remove(_ range: Range<Int>) {
    if range.lowerBound >= 0, range.upperBound <= line.characters.count { change(range, "") }
    isTyping = false
    isKilling = false
  }

  mutating func kill(_ range: Range<Int>, backward: Bool) {
    isTyping = false
    guard !range.isEmpty else {
      isKilling = false
      return
    }
    let text = String(line.characters[range])
    killed = isKilling ? (backward ? text + killed : killed + text) : text
    change(range, "")
    isKilling = true
  }

  mutating func yank() {
    if !killed.isEmpty { change(line.cursor..<line.cursor, killed) }
    isTyping = false
    isKilling = false
  }

  mutating func undo() {
    isTyping = false
    isKilling = false
    guard let step = undos.popLast() else { return }
    redos.append(step)
    line = step.before
  }

  mutating func redo() {
    isTyping = false
    isKilling = false
    guard let step = redos.popLast() else { return }
    undos.append(step)
    line = step.after
  }

  private mutating func change(_ range: Range<Int>, _ text: String, joins: Bool = false) {
    isKilling = false
    let before = line
    line.replace(range, with: text)
    guard !line.text.utf8.elementsEqual(before.text.utf8) else { return }
    redos = []
    let first = joins ? undos.popLast()?.before : nil
    undos.append((first ?? before, line))
    if undos.count > 200 { undos.removeFirst() }
  }
}
