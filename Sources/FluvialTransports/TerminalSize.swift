/// How many characters a terminal shows side by side, and how many rows of them.
public struct TerminalSize: Sendable, Hashable {
  /// What is assumed of a terminal that does not know its size.
  public static let fallback = TerminalSize(columns: 80, rows: 24)

  /// The characters in a row; 0 if unknown.
  public let columns: Int

  /// The rows; 0 if unknown.
  public let rows: Int

  private static let limit = 65_535

  /// Creates a size; negative numbers count as unknown, and no terminal is larger than 65535.
  public init(columns: Int, rows: Int) {
    self.columns = min(max(columns, 0), Self.limit)
    self.rows = min(max(rows, 0), Self.limit)
  }

  /// Returns the size with what is unknown taken from `COLUMNS` and `LINES` in `environment`, or else from
  /// ``fallback``.
  public func resolved(environment: [String: String] = [:]) -> TerminalSize {
    func known(_ value: Int, _ variable: String, _ fallback: Int) -> Int {
      if value > 0 { return value }
      let named = environment[variable].flatMap { Int($0) } ?? 0
      return named > 0 ? named : fallback
    }
    return TerminalSize(
      columns: known(columns, "COLUMNS", Self.fallback.columns),
      rows: known(rows, "LINES", Self.fallback.rows))
  }
}
