import Fluvial
import FluvialTesting
import StreamTestSupport
import Testing

@Suite struct ShufflingTests {
  private static func order(_ seed: UInt64) throws -> [Int] {
    try EventLoop.run(shufflingWith: seed) {
      await withTaskGroup(of: Void.self) { group in
        let order = Record<Int>()
        for index in 0..<20 { group.addTask { order.add(index) } }
        await group.waitForAll()
        return order.all
      }
    }
  }

  @Test func `a seed decides the order of ready jobs, and brings it back`() throws {
    let first = try Self.order(1)
    #expect(try Self.order(1) == first)
    #expect(try Self.order(2) != first)
    #expect(first.sorted() == Array(0..<20))
  }
}
