/// How a program talks to its user, by what its input and output are.
public enum SessionKind: Sendable, Hashable {
  /// Keys one by one, and a prompt at the bottom of the screen.
  case full
  /// Lines as the kernel edits them, and not one escape sequence.
  case plain
  /// Nobody is typing: each line of the input is used as it is, and its end is the end.
  case batch

  /// Decides by whether input and output are terminals and what `TERM` says of them.
  ///
  /// Anything that is not a terminal counts the same: a pipe, a file, a socket, `/dev/null`, or nothing at
  /// all. `prefersPlain` asks for ``plain`` where ``full`` would be possible.
  public init(
    inputIsTerminal: Bool, outputIsTerminal: Bool, term: String?, prefersPlain: Bool = false
  ) {
    if !inputIsTerminal {
      self = .batch
    } else if outputIsTerminal, Self.isUsable(term: term), !prefersPlain {
      self = .full
    } else {
      self = .plain
    }
  }

  /// Whether a terminal of this name understands escape sequences.
  static func isUsable(term: String?) -> Bool {
    guard let term else { return false }
    return !term.isEmpty && term != "dumb"
  }
}
