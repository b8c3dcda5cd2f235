import Fluvial
import FluvialTerminal

/// A small full-screen editor, written as the author of another program would: with nothing but what is public.
///
/// ctrl-q leaves and says what was written, ctrl-o lends the terminal to a child, ctrl-z suspends, ctrl-g crashes.
struct EditorProbe {
  private let terminal: Terminal
  private var size: TerminalSize
  private var lines = [LineBuffer()]
  private var row = 0
  private var top = 0

  static func run() async throws {
    let terminal = try await Terminal.open()
    let written = try await terminal.withMode(
      .raw, switchingOn: [.alternateScreen, .bracketedPaste]
    ) {
      var editor = EditorProbe(terminal: terminal, size: await terminal.size)
      return try await editor.edit()
    }
    terminal.write(written.map { "wrote [\(SafeText(sanitizing: $0))]\n" }.joined())
    await terminal.drain()
    await terminal.close()
  }

  private init(terminal: Terminal, size: TerminalSize) {
    self.terminal = terminal
    self.size = size
  }

  private mutating func edit() async throws -> [String] {
    draw()
    for try await event in terminal.events() {
      switch event {
      case .key(.text(let text)): lines[row].insert(text)
      case .key(.paste(let text)): insert(text)
      case .key(.key(let key, let modifiers)):
        guard try await press(key, modifiers) else { return lines.map(\.text) }
      case .change(.resized(let new)): size = new
      case .change(.resumed): size = await terminal.size
      case .change(.suspended), .key(.reply), .key(.unknown): continue
      }
      draw()
    }
    return lines.map(\.text)
  }

  /// Returns whether to go on.
  private mutating func press(_ key: Key, _ modifiers: KeyModifiers) async throws -> Bool {
    let cursor = lines[row].cursor
    switch (key, modifiers) {
    case (.character("q"), .control): return false
    case (.character("g"), .control): fatalError("the editor gave up")
    case (.character("z"), .control): await terminal.suspend()
    case (.character("o"), .control):
      try await terminal.withCooked {
        let script = "echo outside; read line; echo \"child read $line\""
        try await withProcess("sh", ["-c", script]) { _ = try await $0.wait() }
      }
    case (.enter, []): split()
    case (.backspace, []):
      if cursor > 0 { lines[row].remove((cursor - 1)..<cursor) } else { join() }
    case (.left, []): lines[row].move(to: cursor - 1)
    case (.right, []): lines[row].move(to: cursor + 1)
    case (.up, []): go(to: row - 1)
    case (.down, []): go(to: row + 1)
    default: break
    }
    return true
  }

  private mutating func insert(_ text: String) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if index > 0 { split() }
      lines[row].insert(String(line))
    }
  }

  private mutating func split() {
    let line = lines[row]
    var rest = LineBuffer(String(line.characters[line.cursor...]))
    rest.move(to: 0)
    lines[row].remove(line.cursor..<line.characters.count)
    row += 1
    lines.insert(rest, at: row)
  }

  private mutating func join() {
    guard row > 0 else { return }
    let rest = lines.remove(at: row)
    row -= 1
    lines[row].move(to: .max)
    let end = lines[row].cursor
    lines[row].insert(rest.text)
    lines[row].move(to: end)
  }

  private mutating func go(to other: Int) {
    guard lines.indices.contains(other) else { return }
    let cursor = lines[row].cursor
    row = other
    lines[row].move(to: cursor)
  }

  private mutating func draw() {
    let room = max(size.rows - 1, 1)
    top = min(max(top, row - room + 1), row)
    var frame = "\u{1B}[?25l\u{1B}[H"
    for index in top..<(top + room) {
      let text = lines.indices.contains(index) ? SafeText(sanitizing: lines[index].text) : "~"
      frame += text.prefix(columns: size.columns).rendered(inColor: false) + "\u{1B}[K\n"
    }
    let status: SafeText = "\(row + 1)/\(lines.count) \(size.columns)x\(size.rows) ctrl-q leaves"
    frame += status.prefix(columns: size.columns - 1).rendered(inColor: false) + "\u{1B}[K"
    let column = SafeText(sanitizing: lines[row].textBeforeCursor).width
    terminal.write(frame + "\u{1B}[\(row - top + 1);\(column + 1)H\u{1B}[?25h")
  }
}
