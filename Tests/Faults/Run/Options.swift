import Glibc

/// What the command line asks for.
struct Options {
  private static let usage =
    "usage: fault-run [--quick] [--seeds N] [--rows 1,2] [--shim PATH] [--impair PATH]"

  private(set) var seeds = 5
  private(set) var isQuick = false
  private(set) var kit: Kit
  private var chosen: Set<Int>?

  init(_ arguments: [String]) {
    kit = Kit(program: arguments.first ?? "")
    var words = arguments.dropFirst()
    while let word = words.popFirst() {
      switch (word, word == "--quick" ? "" : words.popFirst()) {
      case ("--quick", _): isQuick = true
      case ("--seeds", let value?): seeds = max(1, Int(value) ?? 5)
      case ("--rows", let value?):
        chosen = Set(value.split(separator: ",").compactMap { Int($0) })
      case ("--shim", let value?): kit.shim = value
      case ("--impair", let value?): kit.impair = value
      default:
        print(Self.usage)
        exit(64)
      }
    }
  }

  func includes(_ row: Int) -> Bool { chosen?.contains(row) ?? true }
}
