/// Why a parked read goes on.
@usableFromInline
enum ReadWake: Sendable {
  /// What it waited for is there, or the end, or an error; it has the reader's place.
  case ready
  /// The task was cancelled; it has not the reader's place.
  case cancelled
  /// It never parked: no registration covers the wait, or there is something to tell.
  case uncovered
}

/// An error, out of the way.
private final class Failed: Sendable {
  let error: StreamError

  init(_ error: StreamError) { self.error = error }
}

/// A connection's reading side, under its lock.
///
/// Reader: idle -> parked -> woken -> idle; idle -> lending -> idle.
///   idle -> parked: a read found too little; a second read is refused from here to idle
///   parked -> woken: what it waits for, the end, or an error is there; the read goes on by itself
///   parked -> idle: cancelled, or closed by this side
@safe
struct ReaderState {
  typealias Continuation = UnsafeContinuation<ReadWake, Never>

  @safe enum Reader {
    case idle
    case parked(Continuation, ticket: UInt64)
    case woken
    case lending
  }

  var buffer = ReadBuffer()
  var reader = Reader.idle
  /// What the parked read waits for; apart from the reader's state, which then costs no reference counting.
  var demand = Demand.any
  /// What ended the stream, told once the buffer is empty.
  ///
  /// Kept apart: an error is as large as all else here, and most connections never have one.
  var failure: StreamError? {
    get { failed?.error }
    set { failed = newValue.map { Failed($0) } }
  }
  private var failed: Failed?
  var hasFailed: Bool { failed != nil }
  /// This side has closed: nothing is read any more.
  var isClosed = false
  let limit: Int
  /// A delivery may run the job of the reader that it wakes.
  var isServedAtOnce = false
  /// The transport was told to stop.
  var isPaused = false
  var tickets: UInt64 = 0
  /// Reads that found their bytes at once, one after the other.
  var streak = 0
  /// The task whose cancellation ends waits without a registration of their own.
  var scopeTask: UInt = 0

  init(limit: Int) { self.limit = limit }

  /// A read that keeps finding its bytes lets others run after so many.
  static let longestStreak = 128

  /// Whether a read may take what is there, without a look at anything else; an owner has waited for it.
  func mayTakeAtOnce(isOwner: Bool) -> Bool {
    if !isOwner {
      guard case .idle = reader else { return false }
    }
    return !isClosed && !isPaused && streak < Self.longestStreak && !buffer.isSkipping
  }

  mutating func park(_ continuation: Continuation, _ demand: Demand, ticket: UInt64) {
    unsafe reader = .parked(continuation, ticket: ticket)
    self.demand = demand
  }

  /// Takes the parked read out if it can go on now.
  mutating func wakeIfSatisfied() -> Continuation? {
    guard case .parked(let continuation, _) = reader else { return nil }
    guard buffer.satisfies(&demand) || hasFailed || isClosed else { return nil }
    reader = .woken
    return unsafe continuation
  }

  /// How much may be held before the transport must stop.
  var allowance: Int {
    if case .parked = reader { return max(limit, demand.need) }
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
    if case .parked = reader {
      mayResume = buffer.count <= max(limit, demand.need)
    }
    if mayResume { isPaused = false }
    return mayResume
  }
}
