/// The bytes of an input, taken from its front as choices.
struct InputBytes {
  private var rest: ArraySlice<UInt8>

  init(_ input: [UInt8]) { rest = input[...] }

  var isEmpty: Bool { rest.isEmpty }

  /// A number in `range`; its least when nothing is left.
  mutating func choice(_ range: ClosedRange<Int>) -> Int {
    guard let byte = rest.popFirst() else { return range.lowerBound }
    return range.lowerBound + Int(byte) % range.count
  }

  mutating func take(_ count: Int) -> [UInt8] {
    let taken = Array(rest.prefix(count))
    rest = rest.dropFirst(count)
    return taken
  }

  mutating func takeAll() -> [UInt8] { take(rest.count) }
}
