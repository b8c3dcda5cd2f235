/// Reads one line and calculates it on the way: a value that knows nothing of sockets.
///
///     line    = [ name "=" ] sum
///     sum     = product { ( "+" | "-" ) product }
///     product = factor { ( "*" | "/" ) factor }
///     factor  = number | name | "(" sum ")" | "-" factor
struct Expression {
  /// What is wrong with the line.
  struct Mistake: Error { var message: String }

  /// Whoever sends the line decides how deep it is, and the stack is not theirs.
  private static let deepest = 100

  private var rest: Substring
  private let values: [String: Double]
  private var depth = 0

  init(_ line: String, values: [String: Double]) {
    rest = line[...]
    self.values = values
  }

  /// The line's value, and the name that gets it if the line has one.
  mutating func evaluate() throws(Mistake) -> (name: String?, value: Double) {
    let start = rest
    var name = takeName()
    if name == nil || !take("=") {
      name = nil
      rest = start
    }
    let value = try sum()
    skipSpace()
    guard rest.isEmpty else { throw unexpected() }
    guard value.isFinite else { throw Mistake(message: "that is too large a number") }
    return (name, value)
  }

  // MARK: Grammar

  private mutating func sum() throws(Mistake) -> Double {
    var value = try product()
    while true {
      if take("+") {
        value += try product()
      } else if take("-") {
        value -= try product()
      } else {
        return value
      }
    }
  }

  private mutating func product() throws(Mistake) -> Double {
    var value = try factor()
    while true {
      if take("*") {
        value *= try factor()
      } else if take("/") {
        let divisor = try factor()
        guard divisor != 0 else { throw Mistake(message: "nothing is divided by 0") }
        value /= divisor
      } else {
        return value
      }
    }
  }

  private mutating func factor() throws(Mistake) -> Double {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw Mistake(message: "that is too deep") }
    if take("-") { return -(try factor()) }
    if take("(") {
      let value = try sum()
      guard take(")") else {
        throw rest.isEmpty ? Mistake(message: "a ) is missing") : unexpected()
      }
      return value
    }
    if let name = takeName() {
      guard let value = values[name] else {
        throw Mistake(message: "nobody has said what \(name) is")
      }
      return value
    }
    return try number()
  }

  private mutating func number() throws(Mistake) -> Double {
    skipSpace()
    let digits = rest.prefix { $0 == "." || "0"..."9" ~= $0 }
    guard let value = Double(digits) else { throw unexpected() }
    rest = rest[digits.endIndex...]
    return value
  }

  // MARK: Characters

  private mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }

  /// A letter, and the letters and digits after it.
  private mutating func takeName() -> String? {
    skipSpace()
    guard rest.first?.isLetter == true else { return nil }
    let name = rest.prefix { $0.isLetter || $0.isNumber }
    rest = rest[name.endIndex...]
    return String(name)
  }

  private mutating func skipSpace() { rest = rest.drop { $0.isWhitespace } }

  private func unexpected() -> Mistake {
    Mistake(
      message: rest.first.map { "'\($0)' was not expected" } ?? "the line ends too early")
  }
}
