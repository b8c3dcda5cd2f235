internal import FluvialPrimitives

/// Something that a test wants to see happen.
package final class Flag: Sendable {
  private let state = Lock(0)

  package init() {}

  package var isRaised: Bool { count > 0 }

  /// How often it happened.
  package var count: Int { state.withLock { $0 } }

  package func raise() { state.withLock { $0 += 1 } }
}

/// What happened, in order.
package final class Record<Element: Sendable>: Sendable {
  private let state = Lock<[Element]>([])

  package init() {}

  package var all: [Element] { state.withLock { $0 } }

  package func add(_ element: Element) { state.withLock { $0.append(element) } }
}
