internal import FluvialPrimitives

/// Something that happens once, for a test to see from any thread.
package final class Flag: Sendable {
  private let state = Lock(false)

  package init() {}

  package var isSet: Bool { state.withLock { $0 } }

  package func set() { state.withLock { $0 = true } }
}

/// Values in the order in which they came, from any thread.
package final class Log<Value: Sendable>: Sendable {
  private let values = Lock<[Value]>([])

  package init() {}

  package var all: [Value] { values.withLock { $0 } }

  package func add(_ value: Value) { values.withLock { $0.append(value) } }
}
