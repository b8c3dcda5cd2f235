#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One line of the table that the checks print: what was tried, the figure it gave, and the threshold it was held to.
///
/// A program of checks prints its rows as they end, one line each with tabs between the fields, so that the command
/// that runs them all can collect them from the output among whatever else is said there.
package struct CheckRow: Sendable {
  package enum Outcome: String, Sendable {
    case passed, failed, skipped
  }

  package var id: String
  package var outcome: Outcome
  package var name: String
  package var figure: String
  package var threshold: String

  /// A measured row: it passed or it failed.
  package init(_ id: String, _ name: String, held: Bool, figure: String, threshold: String) {
    self.id = id
    self.outcome = held ? .passed : .failed
    self.name = name
    self.figure = figure
    self.threshold = threshold
  }

  // Never counted as passed; `reason` says what this machine lacks.
  package init(_ id: String, _ name: String, skipped reason: String) {
    self.id = id
    self.outcome = .skipped
    self.name = name
    self.figure = reason
    self.threshold = ""
  }

  /// The row as `row<TAB>id<TAB>outcome<TAB>name<TAB>figure<TAB>threshold`.
  package var line: String {
    (["row", id, outcome.rawValue, name, figure, threshold])
      .map { $0.split { $0 == "\t" || $0.isNewline }.joined(separator: " ") }
      .joined(separator: "\t")
  }

  /// Reads what ``line`` printed; nil for any other line.
  package init?(line: Substring) {
    let fields = line.split(omittingEmptySubsequences: false) { $0 == "\t" }.map(String.init)
    guard fields.count == 6, fields[0] == "row", let outcome = Outcome(rawValue: fields[2]) else {
      return nil
    }
    id = fields[1]
    self.outcome = outcome
    name = fields[3]
    figure = fields[4]
    threshold = fields[5]
  }
}

// Prints rows as they end and remembers whether one failed.
package struct CheckReport: Sendable {
  package private(set) var failures = 0
  package private(set) var rows = 0

  package init() {}

  package mutating func add(_ row: CheckRow) {
    rows += 1
    if row.outcome == .failed { failures += 1 }
    print(row.line)
    fflush(nil)
  }

  /// What the program ends with: 0, or 1 when a row failed or none was run.
  package var exitStatus: Int32 { failures == 0 && rows > 0 ? 0 : 1 }
}
