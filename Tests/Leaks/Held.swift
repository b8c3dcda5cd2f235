import CheckRows
import FluvialTransports

/// What the process holds at a moment, but for memory.
struct Held: Equatable, CustomStringConvertible {
  private let descriptors: Int
  private let threads: Int
  private let contexts: Int

  init() throws {
    descriptors = try ProcessFigures.count("fd")
    threads = try ProcessFigures.count("task")
    contexts = LiveObjects.count
  }

  var description: String {
    "\(descriptors) descriptors, \(threads) threads, \(contexts) contexts"
  }
}
