internal import CTerminalGuard

/// What a terminal does with what is typed before the program gets it.
///
/// Every mode is derived from what was found, and output processing always stays as found.
public struct TerminalMode: Hashable, Sendable {
  let number: ftg_mode
  let options: UInt32

  /// As found: the terminal edits lines and echoes what is typed.
  public static let cooked = TerminalMode(number: FTG_COOKED, options: 0)

  /// Bytes come at once and without echo; ctrl-c, ctrl-\ and ctrl-z still are signals.
  ///
  /// Unlike elsewhere, these signals do not throw away what was typed before them.
  public static let cbreak = cbreak(flowControl: true)

  /// As ``cbreak``; without flow control, ctrl-s and ctrl-q are keys like any other and never stop the output.
  public static func cbreak(flowControl: Bool) -> TerminalMode {
    TerminalMode(
      number: FTG_CBREAK, options: flowControl ? 0 : UInt32(FTG_NO_FLOW_CONTROL.rawValue))
  }

  /// Every byte comes as it was typed: no signals, no translation, no flow control.
  public static let raw = TerminalMode(number: FTG_RAW, options: 0)

  /// Whether ctrl-c, ctrl-\ and ctrl-z are signals in this mode.
  public var keysAreSignals: Bool { number != FTG_RAW }

  /// Whether two modes do the same.
  public static func == (left: TerminalMode, right: TerminalMode) -> Bool {
    left.number == right.number && left.options == right.options
  }

  /// Hashes what equality looks at.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(number.rawValue)
    hasher.combine(options)
  }
}
