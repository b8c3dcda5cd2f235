public import Synchronization

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A value that one thread at a time may touch.
///
/// The common case is one atomic step in and one out, inlined: `pthread_mutex_lock` and its counterpart cost ten times
/// the instructions, and every message takes several locks. Who finds the lock taken waits in ``LockWaiting``. Not the
/// standard `Mutex`, whose steps the thread sanitizer does not see on Linux, and which it takes for races: atomics and
/// POSIX mutexes it does see.
///
/// Value and lock word share one allocation, so a class that holds a `Lock` in a `let` pays no exclusivity check to reach
/// them. The two pointers are kept apart, instead of one to a generic pair, because code that is not specialized would look
/// up the pair's metadata at every access.
@safe
@frozen public struct Lock<Value: ~Copyable>: ~Copyable {
  /// free -> held -> free; held -> awaited, by who waits; awaited -> free, by who leaves and wakes the waiting.
  @usableFromInline let word: UnsafeMutablePointer<Atomic<UInt32>>
  @usableFromInline let value: UnsafeMutablePointer<Value>

  /// Guards this value.
  @inlinable
  public init(_ initial: consuming sending Value) {
    let offset = max(MemoryLayout<UInt64>.size, MemoryLayout<Value>.alignment)
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: offset + MemoryLayout<Value>.size, alignment: 16)
    unsafe word = memory.bindMemory(to: Atomic<UInt32>.self, capacity: 1)
    unsafe value = (memory + offset).bindMemory(to: Value.self, capacity: 1)
    unsafe word.initialize(to: Atomic(LockWaiting.free))
    unsafe value.initialize(to: initial)
  }

  @inlinable
  deinit {
    unsafe word.deinitialize(count: 1)
    unsafe value.deinitialize(count: 1)
    unsafe UnsafeMutableRawPointer(word).deallocate()
  }

  /// Where lock and value are, for hints to the processor.
  @inlinable
  public var place: UnsafeRawBufferPointer {
    let offset = max(MemoryLayout<UInt64>.size, MemoryLayout<Value>.alignment)
    return unsafe UnsafeRawBufferPointer(start: word, count: offset + MemoryLayout<Value>.size)
  }

  /// Runs `body` with exclusive access.
  ///
  /// `body` must not call out to user code, nor resume a continuation.
  @inlinable @inline(__always)
  public borrowing func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let (isMine, _) = unsafe word.pointee.compareExchange(
      expected: LockWaiting.free, desired: LockWaiting.held, ordering: .acquiring)
    if !isMine { unsafe LockWaiting.enter(word) }
    defer {
      let before = unsafe word.pointee.exchange(LockWaiting.free, ordering: .releasing)
      if before == LockWaiting.awaited { LockWaiting.wakeAll() }
    }
    return try unsafe body(&value.pointee)
  }
}

// Reached from several threads; the word inside is what makes that safe.
extension Lock: @unchecked Sendable where Value: ~Copyable {}

/// Where threads sleep that found a lock taken: one place for all locks, since that is rare.
@usableFromInline
enum LockWaiting {
  @usableFromInline static let free: UInt32 = 0
  @usableFromInline static let held: UInt32 = 1
  /// Held, and somebody sleeps for it: who leaves must wake.
  @usableFromInline static let awaited: UInt32 = 2

  /// Returns once the lock is the caller's; as awaited, because others may be sleeping too.
  @usableFromInline
  static func enter(_ word: UnsafeMutablePointer<Atomic<UInt32>>) {
    unsafe pthread_mutex_lock(place.mutex)
    // Under the mutex: the holder sees the mark as it leaves, and cannot wake before this thread sleeps.
    while unsafe word.pointee.exchange(awaited, ordering: .acquiring) != free {
      unsafe pthread_cond_wait(place.condition, place.mutex)
    }
    unsafe pthread_mutex_unlock(place.mutex)
  }

  @usableFromInline
  static func wakeAll() {
    unsafe pthread_mutex_lock(place.mutex)
    unsafe pthread_cond_broadcast(place.condition)
    unsafe pthread_mutex_unlock(place.mutex)
  }

  /// Lasts as long as the process.
  @safe private struct Place: @unchecked Sendable {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
      unsafe mutex.initialize(to: pthread_mutex_t())
      unsafe condition.initialize(to: pthread_cond_t())
      unsafe pthread_mutex_init(mutex, nil)
      unsafe pthread_cond_init(condition, nil)
    }
  }

  private static let place = Place()
}
