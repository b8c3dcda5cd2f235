public import FluvialTransports

/// How a ``Prompt`` looks and behaves.
public struct PromptOptions: Sendable {
  /// The mode of the terminal while the prompt is shown.
  ///
  /// In ``/FluvialTransports/TerminalMode/cbreak`` ctrl-c and ctrl-z stay signals, which the prompt handles the same.
  public var mode = TerminalMode.raw
  /// Whether to write in colour.
  public var color = ColorChoice.auto
  /// Whether to do without keys and screen where both would be possible, as for a screen reader.
  public var prefersPlain = false
  /// Lines to go back to, oldest first.
  public var history: [String] = []
  /// Where the lines are kept from one run to the next; those in it come after ``history``.
  ///
  /// Only where lines are edited here. A file that cannot be used is told of above the prompt, and the session goes on.
  public var historyFile: HistoryFile?
  /// How many lines to go back to are kept.
  public var historyLimit = 1000
  /// How long nothing may follow an escape before it is taken for the key; see ``KeyDecoder/init(escapeTimeout:)``.
  public var escapeTimeout = Duration.milliseconds(50)
  /// What is said after ctrl-c on an empty line, when a second one would leave.
  public var interruptNotice: SafeText = "press ctrl-c again to leave"
  /// The most bytes of a line where lines are not edited here.
  public var maxLineLength = 1 << 20
  /// What the word before the cursor can become; called on the loop.
  public var completion: (@Sendable (CompletionRequest) -> [String])?

  /// The defaults.
  public init() {}
}

/// What the user of a ``Prompt`` did.
public enum PromptEvent: Hashable, Sendable {
  /// A line was entered; the lines of a paste are separated by LF.
  case line(String)
  /// The user wants to leave as if interrupted: ctrl-c, twice on an empty line.
  case interrupt
  /// There will be no more lines.
  case endOfInput
  /// The window has another size; the prompt is drawn for it already.
  case resized(TerminalSize)
  /// The program was about to be stopped, or was.
  case suspended
  /// The program goes on, and the prompt is drawn already.
  case resumed
}
