import CheckRows
import Fluvial
import FluvialTransports

/// Something that takes any bytes, and a model of what it must make of them.
protocol FuzzTarget: Sendable {
  var id: String { get }
  var name: String { get }
  /// What the first inputs are made from.
  var corpus: [[UInt8]] { get }
  /// How many executions a release takes.
  var releaseCount: Int { get }

  /// Throws a ``CheckFailure`` when the two differ; otherwise a number that is the same for inputs that took the same way.
  ///
  /// With `planted` what is tried has a defect on purpose, which must be found.
  func run(_ input: [UInt8], planted: Bool) async throws -> Int
}

extension FuzzTarget {
  var releaseCount: Int { 50_000_000 }

  /// Finds the planted defect first, then runs for its time, or for its number of executions.
  var check: Check {
    let limit: @Sendable (CheckOptions) -> Int = { $0.size == .soak ? 86_400 : 300 }
    return Check(id, name, within: limit) { check, options in
      try EventLoop.run {
        var driver = FuzzDriver(target: self, seed: options.seed)
        guard let needed = try await driver.findPlanted() else {
          return check.row(
            held: false, figure: "the planted defect was not found (seed \(options.seed))",
            threshold: "")
        }
        let count = options.count ?? (options.size == .soak ? releaseCount : nil)
        let limit: Duration = options.pick(quick: .seconds(2), full: .seconds(20))
        let (done, took) = try await driver.run(count: count, for: count == nil ? limit : nil)
        let rate = Int(Double(done) / max(took / .seconds(1), 0.001))
        return check.row(
          held: true,
          figure: "\(done) executions, \(rate) a second; planted defect found after \(needed) "
            + "(seed \(options.seed))",
          threshold: "0 differences")
      }
    }
  }
}

/// Draws inputs, and keeps those that took a way of their own.
struct FuzzDriver<Target: FuzzTarget> {
  private let target: Target
  private var random: SeededGenerator
  private var kept: [[UInt8]]
  private var ways: Set<Int> = []

  init(target: Target, seed: UInt64) {
    self.target = target
    random = SeededGenerator(seed: seed)
    kept = target.corpus
  }

  /// After how many executions; nil if never.
  mutating func findPlanted() async throws -> Int? {
    let start = kept
    defer {
      kept = start
      ways = []
    }
    for number in 1...200_000 {
      let input = draw()
      do { keep(input, way: try await target.run(input, planted: true)) } catch is CheckFailure {
        return number
      }
    }
    return nil
  }

  mutating func run(count: Int?, for limit: Duration?) async throws -> (Int, Duration) {
    let clock = ContinuousClock()
    let start = clock.now
    for input in target.corpus { try await execute(input) }
    var done = target.corpus.count
    while count.map({ done < $0 }) ?? true {
      // The clock is looked at now and then only.
      if let limit, done.isMultiple(of: 64), start.duration(to: clock.now) >= limit { break }
      try await execute(draw())
      done += 1
    }
    return (done, start.duration(to: clock.now))
  }

  private mutating func execute(_ input: [UInt8]) async throws {
    do { keep(input, way: try await target.run(input, planted: false)) } catch let error
      as CheckFailure
    {
      throw CheckFailure("\(error) Input: \(input)")
    }
  }

  private mutating func keep(_ input: [UInt8], way: Int) {
    guard ways.count < 4_096, ways.insert(way).inserted, input.count <= 4_096 else { return }
    kept.append(input)
  }

  private mutating func draw() -> [UInt8] {
    var input = kept.randomElement(using: &random) ?? []
    for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&input) }
    return input
  }

  private static var telling: [UInt8] { [0, 9, 10, 13, 27, 32, 47, 64, 127, 128, 0x9B, 0xC2, 255] }

  private mutating func mutate(_ input: inout [UInt8]) {
    let place = Int.random(in: 0...input.count, using: &random)
    let end = min(input.count, place + Int.random(in: 1...16, using: &random))
    let value =
      Bool.random(using: &random)
      ? UInt8.random(in: 0...255, using: &random) : Self.telling.randomElement(using: &random) ?? 0
    switch Int.random(in: 0..<8, using: &random) {
    case 0: input.insert(value, at: place)
    case 1: if place < input.count { input[place] = value }
    case 2: if place < input.count { input[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
    case 3: input.removeSubrange(place..<end)
    case 4: input.insert(contentsOf: input[place..<end], at: place)
    case 5:
      let other = kept.randomElement(using: &random) ?? []
      let from = Int.random(in: 0...other.count, using: &random)
      input.insert(contentsOf: other[from...].prefix(64), at: place)
    case 6: input += (0..<Int.random(in: 1...32, using: &random)).map { _ in value }
    default:
      input += (0..<Int.random(in: 1...8, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
    }
    if input.count > 8_192 { input.removeLast(input.count - 8_192) }
  }
}
