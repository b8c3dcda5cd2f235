import Glibc

/// A defect on purpose, for a sanitizer to find before its silence about the library means anything.
///
/// `planted-defect race | overflow | leak`; exits with 0 when nobody noticed, with 64 for a word it does not know.
@main
struct Planted {
  static func main() async {
    switch CommandLine.arguments.dropFirst().first {
    case "race": await race()
    case "overflow": overflow()
    case "leak": leak()
    default: exit(64)
    }
  }

  /// Memory that two tasks change without a lock.
  private static func race() async {
    let shared = Unlocked()
    await withDiscardingTaskGroup { group in
      for _ in 0..<4 {
        group.addTask { for _ in 0..<100_000 { shared.count += 1 } }
      }
    }
    print(shared.count)
  }

  /// A byte after the end of an allocation.
  private static func overflow() {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)
    unsafe bytes.initialize(repeating: 1, count: 64)
    let place = 63 + CommandLine.arguments.count / 2
    unsafe print(bytes[place])
    unsafe bytes.deallocate()
  }

  /// Two objects that keep each other.
  private static func leak() {
    for _ in 0..<100 {
      let first = Partner()
      let second = Partner()
      first.other = second
      second.other = first
    }
  }
}

private final class Partner {
  var other: Partner?
  private let weight = [UInt8](repeating: 1, count: 1_000)
}

/// Says that it may be shared, and has no lock: that is the defect.
private final class Unlocked: @unchecked Sendable {
  var count = 0
}
