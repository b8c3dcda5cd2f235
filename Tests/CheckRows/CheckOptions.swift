/// What a program of checks is asked for: `[--full | --soak] [--seed N] [--count N] [ID...]`.
package struct CheckOptions: Sendable {
  /// How long a row takes.
  package enum Size: Int, Comparable, Sendable {
    /// Seconds: for every commit.
    case quick
    /// What the table says, but for hours of soaking, which are cut to a twentieth.
    case full
    /// The table's own lengths.
    case soak

    package static func < (left: Size, right: Size) -> Bool { left.rawValue < right.rawValue }
  }

  package var size = Size.quick
  /// Every draw of a run comes from it.
  package var seed: UInt64
  /// How many executions of a fuzz target, where the size does not tell.
  package var count: Int?
  /// The rows to run; all when empty.
  package var ids: [String] = []
  /// Whether the rows run in this process instead of one of their own each.
  var isChild = false

  /// Reads the words after the program's name; throws a sentence.
  package init(_ words: some Sequence<String>) throws(CheckFailure) {
    seed = UInt64.random(in: 1...999_999)
    var words = words.makeIterator()
    while let word = words.next() {
      switch word {
      case "--quick": size = .quick
      case "--full": size = .full
      case "--soak": size = .soak
      case "--here": isChild = true
      case "--seed":
        guard let seed = words.next().flatMap({ UInt64($0) }) else {
          throw CheckFailure("--seed needs a number.")
        }
        self.seed = seed
      case "--count":
        guard let count = words.next().flatMap({ Int($0) }), count > 0 else {
          throw CheckFailure("--count needs a number.")
        }
        self.count = count
      default:
        guard !word.hasPrefix("-") else { throw CheckFailure("\(word) is not known.") }
        ids.append(word)
      }
    }
  }

  /// The value for the size that was asked for.
  package func pick<Value>(quick: Value, full: Value, soak: Value? = nil) -> Value {
    switch size {
    case .quick: quick
    case .full: full
    case .soak: soak ?? full
    }
  }
}

/// Why a check could not be made or did not hold, as a sentence.
package struct CheckFailure: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
