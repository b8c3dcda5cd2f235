import ChatWire
import Testing

@Suite struct TokenBucketTests {
  @Test func `a full bucket allows a burst, then the rate`() {
    var bucket = TokenBucket(capacity: 10, rate: 4, at: .seconds(100))
    for _ in 0..<10 { #expect(bucket.take(at: .seconds(100)) == .zero) }
    #expect(bucket.nextToken(at: .seconds(100)) == .milliseconds(250))
    #expect(bucket.take(at: .seconds(100)) == .milliseconds(250))
    #expect(bucket.take(at: .milliseconds(100_250)) == .milliseconds(250))
  }

  @Test func `tokens come back with time, up to the capacity`() {
    var bucket = TokenBucket(capacity: 2, rate: 4, at: .zero)
    for _ in 0..<2 { #expect(bucket.take(at: .zero) == .zero) }
    #expect(bucket.take(at: .milliseconds(250)) == .zero)
    for _ in 0..<2 { #expect(bucket.take(at: .seconds(3_600)) == .zero) }
    #expect(bucket.take(at: .seconds(3_600)) == .milliseconds(250))
  }

  @Test func `a clock that steps back neither gives nor takes`() {
    var bucket = TokenBucket(capacity: 1, rate: 1, at: .seconds(10))
    #expect(bucket.take(at: .seconds(10)) == .zero)
    #expect(bucket.nextToken(at: .seconds(5)) == .seconds(1))
    #expect(bucket.nextToken(at: .seconds(11)) == .zero)
  }

  @Test func `a sender that waits as told keeps the rate exactly`() {
    var bucket = TokenBucket(capacity: 10, rate: 4, at: .zero)
    var now = Duration.zero
    for _ in 0..<250 { now += bucket.take(at: now) }
    #expect(now == .seconds(60))
  }

  @Test func `over any stretch no more passes than the burst and the rate allow`() {
    for seed in UInt64(0)..<200 {
      var random = SeededGenerator(seed: seed)
      var bucket = TokenBucket(capacity: 10, rate: 4, at: .zero)
      var now = Duration.zero
      var passed: [Duration] = []
      for _ in 0..<200 {
        now += .milliseconds(Int.random(in: 0...400, using: &random))
        now += bucket.take(at: now)
        passed.append(now)
      }
      for (index, start) in passed.enumerated() where index % 7 == 0 {
        let within = passed.filter { $0 >= start && $0 <= start + .seconds(5) }.count
        #expect(within <= 10 + 20 + 1, "seed \(seed)")
      }
    }
  }
}
