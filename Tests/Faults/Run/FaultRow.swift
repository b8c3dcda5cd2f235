import CheckRows
import Fluvial
import FluvialTransports

/// Where the parts of the fault kit are.
struct Kit: Sendable {
  /// The folder of the built programs.
  let folder: String
  var shim: String
  var impair: String

  init(program: String) {
    let parts = program.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    folder = parts.isEmpty ? "." : parts.joined(separator: "/")
    shim = ".build/faults/libfaultshim.so"
    impair = ".build/faults/impair"
  }
}

/// One try of a row, with its seed.
struct Round: Sendable {
  let seed: UInt64
  let isQuick: Bool
  let kit: Kit
}

/// What a try found: how often each of its faults fired, and a figure or two.
struct Finding: Sendable {
  var fired: [String: UInt64]
  var figures: [String] = []
}

/// The row does not hold.
struct Broken: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// This machine cannot run the row.
struct Missing: Error {
  let what: String
}

func demand(_ holds: Bool, _ what: @autoclosure () -> String) throws {
  if !holds { throw Broken(what()) }
}

/// A line of the table of faults.
struct FaultRow: Sendable {
  let number: Int
  let name: String
  let threshold: String
  /// Tries it once; throws when it does not hold.
  let body: @Sendable (Round) async throws -> Finding

  init(
    _ number: Int, _ name: String, _ threshold: String,
    body: @escaping @Sendable (Round) async throws -> Finding
  ) {
    self.number = number
    self.name = name
    self.threshold = threshold
    self.body = body
  }

  /// Tries it once a seed: each on a loop of its own, which must end.
  func run(seeds: Int, isQuick: Bool, kit: Kit) -> CheckRow {
    var fired: [String: UInt64] = [:]
    var figures: [String] = []
    for seed in 1...seeds {
      let round = Round(seed: UInt64(seed), isQuick: isQuick, kit: kit)
      do {
        let finding = try EventLoop.run {
          try await withTimeout(.seconds(240)) { try await body(round) }
        }
        fired.merge(finding.fired) { $0 + $1 }
        figures = finding.figures
      } catch let missing as Missing {
        return CheckRow("\(number)", name, skipped: missing.what)
      } catch {
        return row(held: false, "seed \(seed): \(error)")
      }
    }
    let silent = fired.filter { $0.value == 0 }.keys.sorted()
    guard silent.isEmpty, !fired.isEmpty else {
      return row(held: false, "never fired: \(silent.joined(separator: ", "))")
    }
    let strikes = fired.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)x" }
    return row(held: true, (strikes + figures).joined(separator: ", "))
  }

  private func row(held: Bool, _ figure: String) -> CheckRow {
    CheckRow("\(number)", name, held: held, figure: figure, threshold: threshold)
  }
}

extension Duration {
  /// Whole milliseconds, for people.
  var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}

/// How long `body` takes.
func timed<Result>(_ body: () async throws -> Result) async rethrows -> (Result, Duration) {
  let start = ContinuousClock.now
  let result = try await body()
  return (result, ContinuousClock.now - start)
}

/// Turns the loop until `condition` holds.
func waitUntil(
  _ what: @autoclosure () -> String, within limit: Duration = .seconds(10),
  _ condition: () async throws -> Bool
) async throws {
  let end = ContinuousClock.now + limit
  while try await !condition() {
    guard ContinuousClock.now < end else { throw Broken("not in time: \(what())") }
    try await EventLoop.current?.clock.sleep(for: .milliseconds(5))
  }
}
