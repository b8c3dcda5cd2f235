import ChatWire
import Testing

@Suite struct BackoffTests {
  /// Draws the largest number, so that a pause is its limit.
  private struct Largest: RandomNumberGenerator {
    func next() -> UInt64 { .max }
  }

  private func pauses(_ count: Int, of backoff: inout Backoff) -> [Int64] {
    var random = Largest()
    return (0..<count).map { _ in
      let pause = backoff.next(using: &random) + .milliseconds(1)
      return pause.components.seconds
    }
  }

  @Test func `the limit doubles up to a minute`() {
    var backoff = Backoff()
    let limits = pauses(9, of: &backoff)
    #expect(limits == [1, 2, 4, 8, 16, 32, 60, 60, 60])
  }

  @Test func `a connection that did not last does not reset it`() {
    var backoff = Backoff()
    var random = Largest()
    _ = pauses(5, of: &backoff)
    let pause = backoff.next(afterConnected: .milliseconds(29_999), using: &random)
    #expect(pause > .seconds(31))
  }

  @Test func `thirty seconds of being connected reset it`() {
    var backoff = Backoff()
    var random = Largest()
    _ = pauses(5, of: &backoff)
    #expect(backoff.next(afterConnected: .seconds(30), using: &random) <= .seconds(1))
    #expect(pauses(2, of: &backoff) == [2, 4])
  }

  @Test func `pauses are spread over the whole stretch`() {
    var random = SeededGenerator(seed: 1)
    var pauses: [Duration] = []
    for _ in 0..<1_000 {
      var backoff = Backoff()
      pauses.append(backoff.next(using: &random))
    }
    #expect(pauses.allSatisfy { $0 >= .zero && $0 <= .seconds(1) })
    #expect(pauses.count { $0 < .milliseconds(500) } > 400)
    #expect(pauses.count { $0 > .milliseconds(500) } > 400)
  }

  @Test func `many losses do not overflow`() {
    var backoff = Backoff()
    var random = SeededGenerator(seed: 1)
    for _ in 0..<100_000 { _ = backoff.next(using: &random) }
    #expect(backoff.next(using: &random) <= .seconds(60))
  }
}
