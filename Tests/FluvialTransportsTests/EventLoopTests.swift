import FluvialTransports
import Testing

@Suite struct EventLoopTests {
  @Test func `run returns what its body returns, also when that is not Sendable`() throws {
    final class Box { let value = 7 }
    let box = try EventLoop.run { Box() }
    #expect(box.value == 7)
  }

  @Test func `run throws what its body throws`() {
    struct Failure: Error {}
    #expect(throws: Failure.self) { try EventLoop.run { throw Failure() } }
  }

  @Test func `the body runs on the loop, and knows which`() throws {
    let (inside, outside) = (
      try EventLoop.run { EventLoop.current != nil }, EventLoop.current == nil
    )
    #expect(inside)
    #expect(outside)
  }

  @Test func `the loop's sleep is never early`() throws {
    let slept = try EventLoop.run {
      let clock = EventLoop.shared.clock
      let start = clock.now
      try await clock.sleep(for: .milliseconds(5))
      return start.duration(to: clock.now)
    }
    #expect(slept >= .milliseconds(5))
  }
}
