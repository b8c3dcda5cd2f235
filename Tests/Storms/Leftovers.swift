import Fluvial
import FluvialTransports
import StreamTestSupport

/// What a process holds open: counted before a storm, and again when it is over.
struct Leftovers: Equatable, CustomStringConvertible {
  private let descriptors = openDescriptorCount()
  private let contexts = LiveObjects.count

  /// How many more there are than `before`.
  func beyond(_ before: Leftovers) -> (descriptors: Int, contexts: Int) {
    (descriptors - before.descriptors, contexts - before.contexts)
  }

  var description: String { "\(descriptors) descriptors, \(contexts) contexts" }

  /// What is still there beyond `before` once everything had the time to close.
  static func settled(beyond before: Leftovers) async throws -> (descriptors: Int, contexts: Int) {
    let clock = (EventLoop.current ?? .shared).clock
    let end = clock.now.advanced(by: .seconds(3))
    while Leftovers() != before, clock.now < end { try await clock.sleep(for: .milliseconds(5)) }
    return Leftovers().beyond(before)
  }
}

/// The outcome of a storm that must leave nothing: descriptors and contexts of the C layer.
func leaves(_ left: (descriptors: Int, contexts: Int)) -> String {
  "\(left.descriptors) descriptors and \(left.contexts) contexts left"
}
