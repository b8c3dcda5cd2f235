import ChatWire
import Testing

@Suite struct LinePacerTests {
  @Test func `lines leave in order, four a second`() {
    var pacer = LinePacer(at: .zero)
    pacer.append(contentsOf: ["a", "b"])
    #expect(pacer.step(at: .zero) == .send("a"))
    #expect(pacer.step(at: .zero) == .wait(.milliseconds(250)))
    #expect(pacer.step(at: .milliseconds(100)) == .wait(.milliseconds(150)))
    #expect(pacer.step(at: .milliseconds(250)) == .send("b"))
    #expect(pacer.count == 0)
    #expect(pacer.step(at: .milliseconds(250)) == .idle)
  }

  @Test func `what is left can be taken back`() {
    var pacer = LinePacer(at: .zero)
    pacer.append(contentsOf: ["a", "b", "c"])
    _ = pacer.step(at: .zero)
    #expect(pacer.cancel() == ["b", "c"])
    #expect(pacer.step(at: .seconds(1)) == .idle)
  }

  @Test func `a paced paste is no flood to the server`() {
    var pacer = LinePacer(at: .zero)
    var guardian = FloodGuard(limits: ChatLimits(), at: .zero)
    pacer.append(contentsOf: (0..<1_000).map { "line \($0)" })
    var now = Duration.zero
    while true {
      switch pacer.step(at: now) {
      case .send(let line): #expect(guardian.count(bytes: line.utf8.count, at: now) == .pass)
      case .wait(let wait): now += wait
      case .idle:
        #expect(now < .seconds(251))
        return
      }
    }
  }
}
