/// A line editor: turns keys into changes of a line and into actions for its owner to carry out.
///
/// A value without input, output or clock; `now` is the time since any fixed moment, the same as for
/// ``KeyDecoder``. The keys are those of Emacs and most shells.
///
/// ```swift
/// for event in decoder.feed(bytes, now: now) {
///   for action in editor.handle(event, now: now) {
///     if case .submit(let line) = action { lines.append(line) }
///   }
/// }
/// screen.show(editor, prompt: "> ")
/// ```
public struct LineEditor: Sendable {
  /// Something that the owner of an editor has to do.
  public enum Action: Sendable, Hashable {
    /// The line is finished; the editor has an empty one now.
    ///
    /// Control characters are gone except LF, which separates the lines of a paste. See ``LineEditor/reject(_:)``.
    case submit(String)

    /// What is to be seen of the line, the cursor or the search has changed.
    case repaint

    /// Everything on the screen should be drawn anew.
    case redraw

    /// The key could not do anything.
    case bell

    /// Control-c was pressed on an empty line: say that a second one within two seconds leaves.
    case confirmInterrupt

    /// The user wants to leave as if interrupted.
    case interrupt

    /// The user wants to leave: there will be no more input.
    case endOfInput

    /// The user wants to go back to the shell for a while.
    case suspend

    /// What can the word before the cursor become? Answer with ``LineEditor/complete(with:)``.
    case complete(CompletionRequest)

    /// Print these completions above the prompt; they are as the owner gave them, without control characters.
    case list([String])
  }

  enum Last: Equatable {
    case other
    case typing
    case kill
    case yank
    case completion
  }

  private enum Pending {
    case literal
    case prefix
  }

  /// Whether the lines that are submitted are kept, to go back to.
  ///
  /// Off for answers that are no lines like the others: a name, say, or what nobody else should read.
  public var keepsHistory = true

  private static let interruptWindow: Duration = .seconds(2)

  /// The search in the history that is going on.
  public internal(set) var search: Search?

  var line = EditedLine() { didSet { isChanged = true } }
  var lines: LineHistory
  var kills = KillRing()
  /// The line before the last yank, for another piece to be yanked instead.
  var yankBase: EditedLine?
  var last = Last.other
  var lastQuery = ""
  var completion: Completion?
  /// Whether the event at hand changed what is to be seen.
  var isChanged = false
  private var pending: Pending?
  private var interruptDeadline: Duration?

  /// Creates an editor with an empty line.
  ///
  /// The history is given oldest first; the newest `historyLimit` entries are kept.
  public init(history: [String] = [], historyLimit: Int = 1000) {
    lines = LineHistory(history, limit: historyLimit)
  }

  /// The line as it is now; during a search what was found.
  public var buffer: LineBuffer { line.buffer }

  /// The lines that were submitted, oldest first.
  public var history: [String] { lines.entries }

  /// Takes an event and returns what is to be done about it, in order.
  public mutating func handle(_ event: KeyEvent, now: Duration) -> [Action] {
    isChanged = false
    var actions: [Action] = []
    switch event {
    case .text(let text): actions = type(text)
    case .paste(let text): actions = paste(text)
    case .key(let key, let modifiers): actions = press(key, modifiers, now)
    case .reply, .unknown: return []
    }
    return isChanged ? actions + [.repaint] : actions
  }

  /// Does what control-c does, for a terminal that makes a signal of it.
  public mutating func interrupt(now: Duration) -> [Action] {
    handle(.key(.character("c"), .control), now: now)
  }

  /// Puts a submitted text back that could not be used.
  ///
  /// It comes before what has been written since, on a line of its own.
  public mutating func reject(_ text: String) {
    if let search { line = search.origin }
    search = nil
    line.move(to: 0)
    insert(line.buffer.isEmpty ? text : text + "\n")
    line.move(to: line.buffer.characters.count)
    last = .other
  }

  private mutating func type(_ text: String) -> [Action] {
    interruptDeadline = nil
    if pending == .prefix {
      pending = nil
      return [.bell]
    }
    pending = nil
    if search != nil { return extendSearch(text) }
    let joins = last == .typing
    last = .typing
    return insert(text, joinsLast: joins) ? [] : [.bell]
  }

  private mutating func paste(_ text: String) -> [Action] {
    interruptDeadline = nil
    pending = nil
    if search != nil { return extendSearch(text) }
    last = .other
    return insert(text) ? [] : [.bell]
  }

  private mutating func press(_ key: Key, _ modifiers: KeyModifiers, _ now: Duration) -> [Action] {
    let confirmed = interruptDeadline.map { now < $0 } ?? false
    interruptDeadline = nil
    switch pending {
    case .literal:
      pending = nil
      return insertLiterally(key, modifiers)
    case .prefix:
      pending = nil
      guard key == .character("u"), modifiers == .control else { return [.bell] }
      return run(.redo)
    case nil: break
    }
    guard let command = LineCommand(key, modifiers) else { return [] }
    if search != nil, let actions = runInSearch(command) { return actions }
    switch command {
    case .interrupt: return interrupt(confirmed, now)
    case .insertLiterally: pending = .literal
    case .prefix: pending = .prefix
    default: return run(command)
    }
    return []
  }

  private mutating func interrupt(_ isConfirmed: Bool, _ now: Duration) -> [Action] {
    last = .other
    guard line.buffer.isEmpty else {
      line.replace(0..<line.buffer.characters.count, with: "")
      lines.forgetEdits()
      return []
    }
    if isConfirmed { return [.interrupt] }
    interruptDeadline = now + Self.interruptWindow
    return [.confirmInterrupt]
  }

  mutating func submit() -> [Action] {
    let text = line.buffer.text
    let cleaned = withoutControls(text, except: "\n")
    if keepsHistory { lines.add(cleaned) } else { lines.forgetEdits() }
    line = EditedLine()
    return [.submit(cleaned)]
  }

  /// Returns whether all of `text` fitted.
  @discardableResult
  mutating func insert(_ text: String, joinsLast: Bool = false) -> Bool {
    let cursor = line.buffer.cursor
    return line.replace(cursor..<cursor, with: text, joinsLast: joinsLast)
  }

  private mutating func insertLiterally(_ key: Key, _ modifiers: KeyModifiers) -> [Action] {
    last = .other
    let byte: UInt8
    switch key {
    case .character(let character) where modifiers == .control:
      guard let value = character.asciiValue else { return [.bell] }
      byte = value & 0x1F
    case .enter: byte = 0x0D
    case .tab: byte = 0x09
    case .escape: byte = 0x1B
    case .backspace: byte = 0x7F
    default: return [.bell]
    }
    return insert(String(Unicode.Scalar(byte))) ? [] : [.bell]
  }
}

/// Returns `text` without its control characters.
func withoutControls(_ text: String, except kept: Unicode.Scalar? = nil) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars
  where scalar == kept || scalar.properties.generalCategory != .control {
    result.append(scalar)
  }
  return String(result)
}
