import ChatWire
import Testing

@Suite struct FloodGuardTests {
  private let limits = ChatLimits()

  @Test func `ten lines pass at once and the eleventh waits`() {
    var guardian = FloodGuard(limits: limits, at: .zero)
    for _ in 0..<10 { #expect(guardian.count(bytes: 5, at: .zero) == .pass) }
    #expect(guardian.count(bytes: 5, at: .zero) == .wait(.milliseconds(250), isFirst: true))
  }

  @Test func `only the first line of a spell is told`() {
    var guardian = FloodGuard(limits: limits, at: .zero)
    for _ in 0..<11 { _ = guardian.count(bytes: 5, at: .zero) }
    #expect(
      guardian.count(bytes: 5, at: .milliseconds(250)) == .wait(.milliseconds(250), isFirst: false))
    #expect(guardian.count(bytes: 5, at: .seconds(10)) == .pass)
    for _ in 0..<9 { _ = guardian.count(bytes: 5, at: .seconds(10)) }
    #expect(
      guardian.count(bytes: 5, at: .seconds(10)) == .wait(.milliseconds(250), isFirst: true))
  }

  @Test func `long lines wait for their bytes`() {
    var guardian = FloodGuard(limits: limits, at: .zero)
    for _ in 0..<4 { #expect(guardian.count(bytes: 2_048, at: .zero) == .pass) }
    #expect(guardian.count(bytes: 2_048, at: .zero) == .wait(.milliseconds(250), isFirst: true))
  }

  @Test func `a flood of sixty seconds is ended`() {
    var guardian = FloodGuard(limits: limits, at: .zero)
    var now = Duration.zero
    while now < .seconds(100) {
      switch guardian.count(bytes: 5, at: now) {
      case .pass: continue
      case .wait(let wait, _): now += wait
      case .flooded:
        #expect(now == .seconds(60))
        return
      }
    }
    Issue.record("the flood went on")
  }

  @Test func `four lines a second for an hour are no flood`() {
    var guardian = FloodGuard(limits: limits, at: .zero)
    for line in 0..<14_400 {
      #expect(guardian.count(bytes: 100, at: .milliseconds(250 * line)) == .pass)
    }
  }
}
