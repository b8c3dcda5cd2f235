/// A connection's reading side, under its lock.
///
/// Reader: idle -> parked -> woken -> idle; idle -> lending -> idle.
///   idle -> parked: a read found too little; a second read is refused from here to idle
///   parked -> woken: what it waits for, the end, or an error is there; the read goes on by itself
///   parked -> idle: cancelled, or closed by this side
@safe
struct ReaderState {
  typealias Continuation = UnsafeContinuation<Wake, Never>

  /// Why a parked read goes on.
  enum Wake: Sendable {
    case ready
    case cancelled
    /// The scope's registration belongs to another task; not parked.
    case uncovered
  }

  @safe enum Reader {
    case idle
    case parked(Continuation, Demand, ticket: UInt64)
    case woken
    case lending
  }

  var buffer = ReadBuffer()
  var reader = Reader.idle
  /// What ended the stream, told once the buffer is empty.
  var failure: StreamError?
  /// This side has closed: nothing is read any more.
  var isClosed = false
  let limit: Int
  /// The transport was told to stop.
  var isPaused = false
  var tickets: UInt64 = 0
  /// Reads that found their bytes at once, one after the other.
  var streak = 0
  /// The task whose cancellation ends waits without a registration of their own.
  var scopeTask: UInt = 0

  init(limit: Int) { self.limit = limit }

  /// Whether a read would have to wait, and may.
  var hasNothingToTell: Bool {
    guard case .idle = reader else { return false }
    return buffer.count == 0 && !buffer.hasEnded && failure == nil && !isClosed && !isPaused
      && !buffer.isSkipping
  }

  /// Takes the parked read out if it can go on now.
  mutating func wakeIfSatisfied() -> Continuation? {
    guard case .parked(let continuation, var demand, let ticket) = reader else { return nil }
    if buffer.satisfies(&demand) || failure != nil || isClosed {
      reader = .woken
      return unsafe continuation
    }
    unsafe reader = .parked(continuation, demand, ticket: ticket)
    return nil
  }

  /// How much may be held before the transport must stop.
  var allowance: Int {
    if case .parked(_, let demand, _) = reader { return max(limit, demand.need) }
    return limit
  }

  /// Whether the transport must be told to stop; remembers that it was.
  mutating func shouldPause() -> Bool {
    guard !isPaused, !isClosed, buffer.count > allowance else { return false }
    isPaused = true
    return true
  }

  /// Whether the transport must be told to go on; remembers that it was.
  mutating func shouldResume() -> Bool {
    guard isPaused else { return false }
    var mayResume = buffer.count <= limit / 2
    // A read that needs more than the limit must get it.
    if case .parked(_, let demand, _) = reader {
      mayResume = buffer.count <= max(limit, demand.need)
    }
    if mayResume { isPaused = false }
    return mayResume
  }
}
