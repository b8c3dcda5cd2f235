import FluvialPrimitives
import Testing

@Suite struct LockTests {
  @Test func `increments from many tasks are all counted`() async {
    let counter = CounterBox()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<10_000 { counter.increment() } }
      }
    }
    #expect(counter.value == 80_000)
  }
}

private final class CounterBox: Sendable {
  private let count = Lock(0)
  var value: Int { count.withLock { $0 } }
  func increment() { count.withLock { $0 += 1 } }
}
