internal import FluvialPrimitives
internal import FluvialTransports

/// The write queue of a connection that is not there yet, for the writers that are; any thread.
///
/// empty -> found, once.
final class EarlyWrites: Sendable {
  private let state = Lock<WriteQueue?>(nil)

  var queue: WriteQueue? { state.withLock { $0 } }

  func found(_ queue: WriteQueue?) { state.withLock { $0 = queue } }
}
