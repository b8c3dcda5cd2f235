internal import DequeModule
internal import FluvialPrimitives

/// A queue between whoever makes elements and whoever awaits them; any thread, any number of waiters.
///
/// An element goes to one waiter, the one that waits longest. A wait that is cancelled takes nothing.
package final class Mailbox<Element: Sendable>: Sendable {
  private enum Answer: Sendable {
    case element(Element)
    case end(UVError?)
    case cancelled
  }

  private struct State {
    var elements: Deque<Element> = []
    var waiters: Deque<OneShotWait<Answer>> = []
    var ending: Answer?
  }

  private let state = Lock(State())

  package init() {}

  /// How many elements nobody has taken yet.
  package var count: Int { state.withLock { $0.elements.count } }

  /// Adds an element, unless the queue has ended.
  package func put(_ element: Element) { put(element) { _ in false } }

  /// Adds an element, in the place of the first that still waits and that `isReplaced` accepts.
  package func put(_ element: Element, replacing isReplaced: (Element) -> Bool) {
    while true {
      let waiter: OneShotWait<Answer>? = state.withLock { state in
        guard state.ending == nil else { return nil }
        if let waiter = state.waiters.popFirst() { return waiter }
        if let index = state.elements.firstIndex(where: isReplaced) {
          state.elements[index] = element
        } else {
          state.elements.append(element)
        }
        return nil
      }
      // One that was cancelled meanwhile leaves the element to the next.
      guard let waiter, !waiter.finish(.element(element)) else { return }
    }
  }

  /// Lets those who wait, and those who come when every element is taken, know that nothing follows.
  package func end(_ error: UVError? = nil) {
    let waiters = state.withLock { state in
      if state.ending == nil { state.ending = .end(error) }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.finish(.end(error)) }
  }

  /// Waits for the next element; nil when there will be none.
  ///
  /// Throws `CancellationError` when cancelled while it waits, and the error that the queue ended with.
  package func next() async throws -> Element? {
    let wait = OneShotWait<Answer>()
    let early: Answer? = state.withLock { state in
      if let element = state.elements.popFirst() { return .element(element) }
      if let ending = state.ending { return ending }
      state.waiters.append(wait)
      return nil
    }
    let answer: Answer
    if let early {
      answer = early
    } else {
      answer = await withTaskCancellationHandler {
        await wait.wait()
      } onCancel: {
        wait.finish(.cancelled)
      }
    }
    switch answer {
    case .element(let element): return element
    case .end(let error):
      if let error { throw error }
      return nil
    case .cancelled:
      state.withLock { state in state.waiters.removeAll { $0 === wait } }
      throw CancellationError()
    }
  }
}
