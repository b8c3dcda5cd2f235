/// A screen with one row at the bottom to type in, and lines printed above it that scroll away as usual.
///
/// A value that collects what to write; its owner calls ``takeOutput(now:)`` once at the end of each turn
/// and writes what that returns, at once. `now` is the time since any fixed moment. No alternate screen and
/// no scroll region is used: what was printed stays in the terminal's own history.
public struct PromptScreen: Sendable {
  /// What takes back every mode that a screen switches on, and clears the input row.
  ///
  /// Harmless at any time, also when no screen was started.
  public static let offSequence = "\u{1B}[?2004l\u{1B}[0m\u{1B}[?25h\r\u{1B}[J"

  /// What switches on the modes that a screen needs: pasted text is marked.
  public static let onSequence = "\u{1B}[?2004h"

  /// How many lines are kept for drawing the screen anew, and while the terminal takes no output.
  ///
  /// Fewer if they are very long.
  public static let lineLimit = LineStore.lineLimit

  private static let frame: Duration = .milliseconds(16)
  private static let resizePause: Duration = .milliseconds(20)
  private static let resizePatience: Duration = .milliseconds(200)

  /// idle -> active -> suspended -> active; finished from anywhere.
  private enum State {
    case idle
    case active
    case suspended
    case finished
  }

  /// How many lines were never shown because the terminal took no output for too long.
  public private(set) var droppedLines = 0

  /// The size that is drawn for; nothing in it is 0.
  public private(set) var size: TerminalSize

  private let isColored: Bool
  private let isSynchronized: Bool
  private var state = State.idle
  private var isBlocked = false
  private var row = InputRow()
  /// The newest lines, printed or not.
  private var kept = LineStore()
  /// Lines that were not printed yet.
  private var waiting = LineStore()
  /// What goes out whatever the state is.
  private var urgent = ""
  private var drawnRow = ""
  private var isRowStale = false
  private var needsRedraw = false
  private var resizes: (first: Duration, last: Duration)?
  private var hasBell = false
  private var lastFrame: Duration?

  /// Creates a screen that has not started.
  ///
  /// `synchronized` asks the terminal to show each change as a whole; those that cannot ignore it.
  public init(size: TerminalSize, colored: Bool = false, synchronized: Bool = false) {
    self.size = size.resolved()
    isColored = colored
    isSynchronized = synchronized
  }

  /// When ``takeOutput(now:)`` must be called even if nothing else happens.
  ///
  /// It is nil too if there is nothing to wait for: the end of the turn will do.
  public var deadline: Duration? {
    guard state == .active, !isBlocked, hasChanges else { return nil }
    return frameTime
  }

  /// Goes to the bottom row and shows the prompt there.
  ///
  /// Nothing is cleared and nothing scrolls: what the shell printed keeps its place.
  public mutating func start() {
    guard state == .idle else { return }
    state = .active
    droppedLines += waiting.trim()
    urgent += Self.onSequence + "\u{1B}[999B\r"
    isRowStale = true
  }

  /// Prints a line above the prompt.
  ///
  /// Before the start and while suspended it waits; after the end it is printed where the cursor is.
  public mutating func print(_ line: SafeText) {
    if state == .finished {
      urgent += line.rendered(inColor: isColored) + "\r\n"
      return
    }
    kept.append(line)
    kept.trim(slack: true)
    waiting.append(line)
    if isBlocked || state != .active { droppedLines += waiting.trim(slack: true) }
  }

  /// Shows `line` after `prompt` in the input row.
  ///
  /// A prompt that is too long for the terminal is cut; the line scrolls sideways.
  public mutating func show(_ line: LineBuffer, prompt: SafeText) {
    row.line = line
    row.prompt = prompt
    isRowStale = true
  }

  /// Shows the line of `editor` after `prompt`, or what a search has found after the prompt for searching.
  public mutating func show(_ editor: LineEditor, prompt: SafeText) {
    show(editor.buffer, prompt: editor.search?.prompt ?? prompt)
  }

  /// Rings the bell, once a turn.
  public mutating func ring() { hasBell = true }

  /// Takes note of a new size.
  ///
  /// The screen is drawn anew when the size has not changed again for a moment.
  public mutating func resize(to size: TerminalSize, now: Duration) {
    self.size = size.resolved()
    guard state == .active else { return }
    needsRedraw = true
    resizes = (resizes?.first ?? now, now)
  }

  /// Clears the screen and shows the newest lines and the input row again.
  public mutating func redraw() { needsRedraw = true }

  /// Keeps everything back: the terminal takes no more output.
  ///
  /// Of the lines printed meanwhile the newest ``lineLimit`` are kept.
  public mutating func pauseWriting() { isBlocked = true }

  /// Shows what was kept back: the terminal takes output again.
  public mutating func resumeWriting() {
    guard isBlocked else { return }
    droppedLines += waiting.trim()
    isBlocked = false
    drawnRow = ""
    isRowStale = true
  }

  /// Leaves the terminal to somebody else.
  ///
  /// Without `mayWrite` it is somebody else's already: what waits to be printed goes on waiting.
  public mutating func suspend(mayWrite: Bool = true) {
    guard state == .active else { return }
    if mayWrite { leave() } else { forgetRow() }
    state = .suspended
  }

  /// Takes the terminal back, which may have another size, prints what has come meanwhile, and shows the prompt.
  ///
  /// As at the start nothing is cleared: what the shell and others printed stays. ``redraw()`` shows the lines of before.
  public mutating func resume(size: TerminalSize) {
    guard state == .suspended else { return }
    state = .active
    self.size = size.resolved()
    droppedLines += waiting.trim()
    urgent += Self.onSequence + "\u{1B}[999B\r"
    isRowStale = true
  }

  /// Removes the input row and leaves the cursor in its place.
  ///
  /// Does not wait for a terminal that takes no output: what was kept back is lost then.
  public mutating func finish() {
    if state == .active { leave() }
    if state == .idle { urgent += rendered(waiting.lines) }
    state = .finished
  }

  /// Returns what is to be written now, which may be nothing.
  ///
  /// Changes are shown at most every 16 ms; see ``deadline``.
  public mutating func takeOutput(now: Duration) -> [UInt8] {
    defer { urgent = "" }
    guard state == .active, !isBlocked, hasChanges, (frameTime ?? now) <= now else {
      return Array(urgent.utf8)
    }
    let frame = nextFrame()
    lastFrame = now
    guard isSynchronized, !frame.isEmpty else { return Array((urgent + frame).utf8) }
    return Array((urgent + "\u{1B}[?2026h" + frame + "\u{1B}[?2026l").utf8)
  }

  private var hasChanges: Bool { needsRedraw || isRowStale || hasBell || !waiting.lines.isEmpty }

  /// When the next change may be shown; nil means at once.
  private var frameTime: Duration? {
    if let resizes {
      return min(resizes.last + Self.resizePause, resizes.first + Self.resizePatience)
    }
    return lastFrame.map { $0 + Self.frame }
  }

  private mutating func nextFrame() -> String {
    var output = ""
    if needsRedraw {
      output += redrawnScreen()
      drawnRow = ""
    } else if !waiting.lines.isEmpty {
      output += "\r\u{1B}[J" + rendered(waiting.lines)
      drawnRow = ""
    }
    let rendered = row.rendered(columns: size.columns, inColor: isColored)
    if rendered != drawnRow { output += rendered }
    drawnRow = rendered
    if hasBell { output += "\u{7}" }
    waiting.removeAll()
    resizes = nil
    needsRedraw = false
    isRowStale = false
    hasBell = false
    return output
  }

  /// Everything but the input row, with the cursor left at the start of the last row.
  ///
  /// Lines that were never printed are all printed, so that those without room are in the terminal's history.
  private func redrawnScreen() -> String {
    let room = size.rows - 1
    var used = 0
    var shown: [SafeText] = []
    for line in kept.lines.reversed() {
      let rows = line.rows(columns: size.columns)
      if used + rows > room, shown.count >= waiting.lines.count {
        // The end of a line that is longer than the screen is better than an empty screen.
        if shown.isEmpty, room > 0 {
          shown = [line.suffix(rows: room, columns: size.columns)]
          used = room
        }
        break
      }
      shown.append(line)
      used += rows
    }
    var output = "\u{1B}[H\u{1B}[J"
    // Lines that waited are among those kept, unless there are more of them.
    if waiting.lines.count > kept.lines.count {
      output += rendered(waiting.lines.dropLast(kept.lines.count))
    } else if used < room {
      output += "\u{1B}[\(room - used + 1);1H"
    }
    return output + rendered(shown.reversed()) + "\u{1B}[999B\r"
  }

  private func rendered(_ lines: some Sequence<SafeText>) -> String {
    lines.reduce(into: "") { $0 += $1.rendered(inColor: isColored) + "\r\n" }
  }

  /// Prints what waits, unless nothing can be written, and undoes what ``start()`` did.
  private mutating func leave() {
    if !isBlocked, !waiting.lines.isEmpty {
      urgent += "\r\u{1B}[J" + rendered(waiting.lines)
      waiting.removeAll()
    }
    urgent += Self.offSequence
    forgetRow()
  }

  /// The row is drawn no more, or by nobody knows whom.
  private mutating func forgetRow() {
    drawnRow = ""
    resizes = nil
    needsRedraw = false
    hasBell = false
  }
}
