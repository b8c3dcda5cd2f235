internal import FluvialPrimitives

/// A prompt on a terminal: keys through the editor, lines and the input row through the screen; confined to the loop.
final class PromptCore: TerminalSink {
  /// Reading pauses while so many events wait for the program.
  static let eventLimit = 1024

  private let loop: EventLoop
  let terminal: TerminalCore
  private let options: PromptOptions
  private let events: Mailbox<PromptEvent>
  private var saver: HistorySaver?
  private var editor: LineEditor
  private var screen: PromptScreen
  private var text: SafeText
  private var question: (text: SafeText, answer: OneShotWait<Character?>)?
  private var keys: KeySource?
  private var frameTimer: ScheduledCall?
  private var interrupts: SignalHandle?
  private var isFlushDue = false
  private var isRowStale = true
  private var isStarted = false
  private var isFinished = false
  private var isHeldUp = false

  init(
    on terminal: TerminalCore, text: SafeText, colored: Bool, options: PromptOptions,
    events: Mailbox<PromptEvent>
  ) {
    loop = terminal.loop
    self.terminal = terminal
    self.text = text
    self.options = options
    self.events = events
    editor = LineEditor(history: options.history, historyLimit: options.historyLimit)
    screen = PromptScreen(size: terminal.size, colored: colored)
  }

  private var now: Duration { keys?.now ?? .zero }

  // MARK: Life

  func start() throws(UVError) {
    keys = KeySource(on: loop, escapeTimeout: options.escapeTimeout) { [weak self] keys in
      self?.handle(keys)
    }
    if options.mode.keysAreSignals {
      interrupts = try SignalHandle(number: Signal.interrupt.rawValue, on: loop) { [weak self] in
        self?.interrupted()
      }
    }
    try terminal.attach(self)
    guard terminal.transport?.isSuspended == false else { return }
    isStarted = true
    screen.start()
    flush()
  }

  /// Keeps the lines in a file from now on.
  func keep(in file: HistoryFile, complain: @escaping @Sendable (UVError) -> Void) {
    saver = HistorySaver(file, after: options.history.last, complain: complain)
  }

  /// Says that the lines are not kept in a file, and why.
  func tell(notKept error: UVError) {
    let notice: SafeText = "what is typed is not kept: \(sanitizing: "\(error)")"
    self.print(notice.styled(Style(dim: true)))
  }

  /// Takes the input row away; what is printed from now on appears where the cursor is.
  ///
  /// Returns who is still at work with the lines.
  func finish() -> HistorySaver? {
    defer { saver = nil }
    guard !isFinished else { return saver }
    isFinished = true
    interrupts?.close()
    frameTimer?.cancel()
    screen.finish()
    flush()
    terminal.detach(self)
    question?.answer.finish(nil)
    question = nil
    events.end()
    return saver
  }

  // MARK: What the program asks for

  func print(_ line: SafeText) {
    screen.print(line)
    flushSoon()
  }

  func show(text: SafeText, keepsHistory: Bool) {
    self.text = text
    editor.keepsHistory = keepsHistory
    touchRow()
  }

  func reject(_ line: String) {
    editor.reject(line)
    touchRow()
  }

  func ring() {
    screen.ring()
    flushSoon()
  }

  /// Shows a question in place of the line, until a character or the end answers it.
  func ask(_ question: SafeText, _ answer: OneShotWait<Character?>) {
    guard !isFinished, terminal.transport != nil else {
      answer.finish(nil)
      return
    }
    self.question?.answer.finish(nil)
    self.question = (question, answer)
    touchRow()
  }

  /// The program has taken some events.
  func eventsTaken() {
    guard isHeldUp, events.count < Self.eventLimit / 2 else { return }
    isHeldUp = false
    terminal.resumeReading()
  }

  // MARK: Keys

  func received(_ bytes: Span<UInt8>) { keys?.feed(bytes) }

  private func handle(_ keys: [KeyEvent]) {
    for key in keys {
      guard !isFinished else { return }
      if question != nil { answer(with: key) } else { run(editor.handle(key, now: now)) }
    }
    if events.count >= Self.eventLimit, !isHeldUp {
      isHeldUp = true
      terminal.transport?.pauseReading()
    }
  }

  private func interrupted() {
    if question != nil {
      answer(with: .key(.character("c"), .control))
    } else {
      run(editor.interrupt(now: now))
    }
  }

  private func answer(with key: KeyEvent) {
    let given: Character?
    switch key {
    case .text(let text): given = text.first
    case .key(.character("z"), .control): return terminal.transport?.suspend() ?? ()
    case .key: given = nil
    case .paste, .reply, .unknown: return
    }
    let answer = question?.answer
    question = nil
    touchRow()
    answer?.finish(given)
  }

  private func run(_ actions: [LineEditor.Action]) {
    for action in actions {
      switch action {
      case .submit(let line):
        touchRow()
        if editor.keepsHistory { saver?.save(line) }
        events.put(.line(line))
      case .repaint: touchRow()
      case .redraw:
        screen.redraw()
        touchRow()
      case .bell: ring()
      case .confirmInterrupt: self.print(options.interruptNotice.styled(Style(dim: true)))
      case .interrupt: events.put(.interrupt)
      case .endOfInput: events.put(.endOfInput)
      case .suspend: terminal.transport?.suspend()
      case .complete(let request):
        run(editor.complete(with: options.completion?(request) ?? []))
      case .list(let candidates): list(candidates)
      }
    }
  }

  private func list(_ candidates: [String]) {
    var row = SafeText()
    for candidate in candidates.map({ SafeText(sanitizing: $0) }) {
      let separated = row.isEmpty ? candidate : row + "  " + candidate
      if separated.width < screen.size.columns || row.isEmpty {
        row = separated
      } else {
        self.print(row)
        row = candidate
      }
    }
    if !row.isEmpty { self.print(row) }
  }

  // MARK: Output

  private func touchRow() {
    isRowStale = true
    flushSoon()
  }

  /// Everything of one turn goes out as one write, at its end.
  private func flushSoon() {
    guard !isFlushDue else { return }
    isFlushDue = true
    let me = LoopBound(self, on: loop)
    loop.execute { me.value.flush() }
  }

  private func flush() {
    isFlushDue = false
    frameTimer?.cancel()
    frameTimer = nil
    if isRowStale {
      isRowStale = false
      if let question {
        screen.show(LineBuffer(), prompt: question.text)
      } else {
        screen.show(editor, prompt: text)
      }
    }
    terminal.write(screen.takeOutput(now: now))
    guard let deadline = screen.deadline, let keys else { return }
    let me = LoopBound(self, on: loop)
    frameTimer = loop.schedule(at: keys.instant(at: deadline)) { me.value.flush() }
  }

  func pauseWriting() { screen.pauseWriting() }

  func resumeWriting() {
    screen.resumeWriting()
    flushSoon()
  }

  // MARK: The terminal's news

  func ended() {
    keys?.finish()
    events.put(.endOfInput)
    question?.answer.finish(nil)
    question = nil
  }

  func sizeChanged(_ size: TerminalSize) {
    screen.resize(to: size, now: now)
    flushSoon()
    events.put(.resized(size)) { if case .resized = $0 { true } else { false } }
  }

  func willSuspend(mayWrite: Bool) {
    screen.suspend(mayWrite: mayWrite)
    terminal.write(screen.takeOutput(now: now))
    events.put(.suspended)
  }

  func didResume() {
    if isStarted {
      screen.resume(size: terminal.size)
    } else {
      isStarted = true
      screen.resize(to: terminal.size, now: now)
      screen.start()
    }
    events.put(.resumed)
    isRowStale = true
    flush()
  }
}
