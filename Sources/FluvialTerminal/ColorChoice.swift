/// What the user asked for about colour.
public enum ColorChoice: String, Sendable, Hashable, CaseIterable {
  /// In colour wherever the output goes.
  case always
  /// In colour if the output is a terminal that can show it and nothing in the environment is against it.
  case auto
  /// Never in colour.
  case never

  /// Whether to write in colour, given whether the output is a terminal and the variables around.
  ///
  /// A choice beats the environment. There, `NO_COLOR` beats `CLICOLOR_FORCE` and `FORCE_COLOR`, which beat
  /// what is known of the terminal; each counts only if it is not empty, and the last two not if `0`.
  public func usesColor(isTerminal: Bool, environment: [String: String]) -> Bool {
    switch self {
    case .always: return true
    case .never: return false
    case .auto: break
    }
    if let value = environment["NO_COLOR"], !value.isEmpty { return false }
    for name in ["CLICOLOR_FORCE", "FORCE_COLOR"] {
      if let value = environment[name], !value.isEmpty, value != "0" { return true }
    }
    return isTerminal && SessionKind.isUsable(term: environment["TERM"])
  }
}
