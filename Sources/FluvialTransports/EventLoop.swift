internal import CFluvial

/// A loop that turns readiness of descriptors and the passing of time into calls and resumed tasks, on one thread.
///
/// asyncio's event loop, on libuv. A loop is a serial executor, so an actor can live on it:
///
/// ```swift
/// actor Scores {
///   private let loop: EventLoop
///   private var points: [String: Int] = [:]
///
///   nonisolated var unownedExecutor: UnownedSerialExecutor {
///     unsafe loop.asUnownedSerialExecutor()
///   }
///
///   init(on loop: EventLoop) { self.loop = loop }
///
///   func add(_ name: String) { points[name, default: 0] += 1 }
/// }
/// ```
///
/// and it has a ``taskExecutor`` for tasks that should stay on it. Calls between the two cost no thread switch. A task
/// without that preference resumes on the global pool after every suspension: two thread switches a wait.
///
/// Members may be used from any thread unless they say otherwise.
public final class EventLoop: SerialExecutor, Sendable {
  package let core: LoopCore

  package init() throws(UVError) {
    core = try LoopCore()
    unsafe core.local.pointee.serialExecutor = asUnownedSerialExecutor()
  }

  /// The loop that the calling thread runs, if it runs one.
  ///
  /// asyncio's `get_running_loop`.
  public static var current: EventLoop? {
    unsafe fluv_thread_current().map {
      unsafe Unmanaged<LoopCore>.fromOpaque($0).takeUnretainedValue()
    }.flatMap { unsafe $0.local.pointee.facade }
  }

  /// Whether the calling thread is the one that runs this loop.
  public var isCurrent: Bool { core.isCurrent }

  /// What a task names as its preference to stay on this loop's thread.
  ///
  /// `Task(executorPreference: loop.taskExecutor) { … }`, or `withTaskExecutorPreference`.
  public var taskExecutor: any TaskExecutor { core }

  /// Whether the loop still takes new resources.
  ///
  /// The loop's thread.
  var isOpen: Bool { unsafe core.local.pointee.phase == .open }

  // MARK: Calls

  /// Runs `body` on the loop's thread, soon, after what is ready already.
  ///
  /// asyncio's `call_soon_threadsafe`. After the loop's end it still runs, on another thread.
  public func execute(_ body: sending @escaping () -> Void) {
    core.submit(.call(body))
  }

  /// Runs `body` on the loop's thread once `delay` has passed, never earlier.
  ///
  /// asyncio's `call_later`. Zero and negative delays mean soon. What the loop has not reached when it ends is dropped.
  @discardableResult
  public func schedule(after delay: Duration, _ body: sending @escaping () -> Void) -> ScheduledCall
  {
    schedule(at: clock.now.advanced(by: delay), body)
  }

  /// Runs `body` on the loop's thread when the loop's clock shows `instant`, never earlier.
  ///
  /// asyncio's `call_at`.
  @discardableResult
  public func schedule(
    at instant: LoopClock.Instant, _ body: sending @escaping () -> Void
  ) -> ScheduledCall {
    let call = ScheduledCall(core: core, deadline: instant.nanoseconds, body: body)
    call.enter()
    return call
  }

  /// As ``schedule(at:_:)``; when the loop ends first, or has ended, `onDrop` is called in place of `body`.
  package func schedule(
    at instant: LoopClock.Instant, orDropped onDrop: @escaping @Sendable () -> Void,
    _ body: sending @escaping () -> Void
  ) -> ScheduledCall {
    let call = ScheduledCall(
      core: core, deadline: instant.nanoseconds, onDrop: onDrop, body: body)
    call.enter()
    return call
  }

  /// The loop's clock: monotonic, and its sleep does not leave the loop.
  ///
  /// asyncio's `time`. `Task.sleep` on the standard clock wakes up on another thread.
  public var clock: LoopClock { LoopClock(core: core) }

  // MARK: SerialExecutor

  /// Takes an actor's job.
  ///
  /// For Swift's runtime.
  public func enqueue(_ job: consuming ExecutorJob) {
    core.submit(.serial(UnownedJob(job)))
  }

  /// The executor as an actor's `unownedExecutor` names it.
  public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    unsafe UnownedSerialExecutor(ordinary: self)
  }

  /// Whether code that asks runs on this loop: makes `assumeIsolated` work in callbacks.
  public func isIsolatingCurrentContext() -> Bool? { isCurrent }

  /// Stops the program if the calling thread is not this loop's.
  public func checkIsolated() {
    precondition(isCurrent, "this code must run on its event loop's thread")
  }
}
