#if canImport(Glibc)
  package import Glibc
#else
  package import Darwin
#endif

/// A value that one thread at a time may touch.
///
/// Built on `pthread_mutex_t` because the thread sanitizer does not understand the standard `Mutex` on Linux and
/// reports a race at every access it guards. Value and mutex share one allocation, so a class that holds a `Lock` in a
/// `let` pays no exclusivity check to reach them.
@safe
package struct Lock<Value: ~Copyable>: ~Copyable {
  @unsafe @usableFromInline struct Storage: ~Copyable {
    @usableFromInline var mutex = unsafe pthread_mutex_t()
    @usableFromInline var value: Value

    @usableFromInline init(value: consuming Value) { unsafe self.value = value }
  }

  @usableFromInline let storage: UnsafeMutablePointer<Storage>

  package init(_ initial: consuming sending Value) {
    unsafe storage = .allocate(capacity: 1)
    unsafe storage.initialize(to: unsafe Storage(value: initial))
    unsafe pthread_mutex_init(&storage.pointee.mutex, nil)
  }

  deinit {
    unsafe pthread_mutex_destroy(&storage.pointee.mutex)
    unsafe storage.deinitialize(count: 1)
    unsafe storage.deallocate()
  }

  /// Runs `body` with exclusive access.
  ///
  /// `body` must not call out to user code, nor resume a continuation.
  @inlinable @inline(__always)
  package borrowing func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe pthread_mutex_lock(&storage.pointee.mutex)
    defer { unsafe pthread_mutex_unlock(&storage.pointee.mutex) }
    return try unsafe body(&storage.pointee.value)
  }
}

// Reached from several threads; the mutex inside is what makes that safe.
extension Lock: @unchecked Sendable where Value: ~Copyable {}
