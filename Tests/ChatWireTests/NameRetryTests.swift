import ChatWire
import Testing

@Suite struct NameRetryTests {
  @Test func `a name refused after a reconnect is tried again, then marked`() {
    var retry = NameRetry(wanted: "ann")
    #expect(
      retry.refused(.nameTaken, isReconnect: true) == .connect(name: "ann", after: .seconds(2)))
    #expect(retry.refused(.nameTaken, isReconnect: true) == .connect(name: "ann_", after: .zero))
    #expect(retry.refused(.nameTaken, isReconnect: true) == .connect(name: "ann__", after: .zero))
  }

  @Test func `once a name was accepted, the next reconnect wants the right one again`() {
    var retry = NameRetry(wanted: "ann")
    for _ in 0..<3 { _ = retry.refused(.nameTaken, isReconnect: true) }
    retry.accepted()
    #expect(
      retry.refused(.nameTaken, isReconnect: true) == .connect(name: "ann", after: .seconds(2)))
  }

  @Test func `a name refused at the first connection is the user's affair`() {
    var retry = NameRetry(wanted: "ann")
    #expect(retry.refused(.nameTaken, isReconnect: false) == .ask)
    #expect(retry.refused(.badName, isReconnect: true) == .ask)
  }

  @Test(arguments: [String(repeating: "a", count: 24), String(repeating: "山", count: 21)])
  func `a long name is shortened to stay valid, and the end is a question`(_ name: String) throws {
    var retry = NameRetry(wanted: name)
    _ = retry.refused(.nameTaken, isReconnect: true)
    var tried: Set<UserName> = []
    while case .connect(let next, _) = retry.refused(.nameTaken, isReconnect: true) {
      tried.insert(try UserName(next))
    }
    #expect(tried.count == 23)
  }
}
