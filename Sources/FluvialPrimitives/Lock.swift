#if canImport(Glibc)
  public import Glibc
#else
  public import Darwin
#endif

/// A value that one thread at a time may touch.
///
/// Built on `pthread_mutex_t` because the thread sanitizer does not understand the standard `Mutex` on Linux and
/// reports a race at every access it guards. Value and mutex share one allocation, so a class that holds a `Lock` in a
/// `let` pays no exclusivity check to reach them. The two pointers are kept apart, instead of one to a generic pair,
/// because code that is not specialized would look up the pair's metadata at every access.
@safe
@frozen public struct Lock<Value: ~Copyable>: ~Copyable {
  @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>
  @usableFromInline let value: UnsafeMutablePointer<Value>

  /// Guards this value.
  @inlinable
  public init(_ initial: consuming sending Value) {
    let offset = unsafe max(MemoryLayout<pthread_mutex_t>.size, MemoryLayout<Value>.alignment)
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: offset + MemoryLayout<Value>.size, alignment: 16)
    unsafe mutex = memory.bindMemory(to: pthread_mutex_t.self, capacity: 1)
    unsafe value = (memory + offset).bindMemory(to: Value.self, capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe value.initialize(to: initial)
    unsafe pthread_mutex_init(mutex, nil)
  }

  @inlinable
  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe value.deinitialize(count: 1)
    unsafe UnsafeMutableRawPointer(mutex).deallocate()
  }

  /// Runs `body` with exclusive access.
  ///
  /// `body` must not call out to user code, nor resume a continuation.
  @inlinable @inline(__always)
  public borrowing func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try unsafe body(&value.pointee)
  }
}

// Reached from several threads; the mutex inside is what makes that safe.
extension Lock: @unchecked Sendable where Value: ~Copyable {}
