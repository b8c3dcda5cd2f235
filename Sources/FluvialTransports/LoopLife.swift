internal import CFluvial
internal import DequeModule
internal import FluvialPrimitives
internal import Glibc

extension EventLoop {
  /// Runs `body` on a loop of its own, on the calling thread, until it ends; then ends the loop.
  ///
  /// asyncio's `run`. Returns or throws what `body` does. When `body` has ended, servers are closed, connections aborted,
  /// watchers let go, and everything that was ready has run. On the main thread the loop serves the main actor too, so
  /// that `body` may await it. SIGPIPE is blocked on the thread meanwhile.
  ///
  /// Calling it on a thread that runs a loop already is a programming error and stops the program. Throws ``UVError`` when
  /// no loop could be made. The call itself cannot be cancelled: `body` is the root of its tasks.
  public static func run<Result>(
    _ body: sending @escaping () async throws -> Result
  ) throws -> Result {
    precondition(
      EventLoop.current == nil, "EventLoop.run inside a loop: call the asynchronous code instead")
    let loop = try EventLoop()
    let outcome = Outcome<Result>()
    let handover = Handover(body)
    loop.attach()
    defer { loop.detach() }
    do {
      if fluv_thread_is_main() == 1 { try MainQueue.serve(on: loop) }
    } catch {
      loop.end()
      throw error
    }
    Task(executorPreference: loop.taskExecutor) {
      do { outcome.result = .success(try await handover.body()) } catch {
        outcome.result = .failure(error)
      }
      unsafe loop.core.local.pointee.isEnding = true
    }
    while unsafe !loop.core.local.pointee.isEnding { loop.core.tick() }
    loop.end()
    switch outcome.result {
    case .success(let value): return value
    case .failure(let error): throw error
    case nil: preconditionFailure("the loop ended before its body")
    }
  }

  /// Runs `body` on a loop of its own, on a thread of its own, for programs that are asynchronous already.
  ///
  /// As the synchronous form; cancelling the calling task cancels `body`.
  public static func run<Result: Sendable>(
    _ body: sending @escaping () async throws -> Result
  ) async throws -> Result {
    let loop = try startOnThread(named: "fluvial.run")
    let handover = Handover(body)
    let task = Task(executorPreference: loop.taskExecutor) { try await handover.body() }
    let result = await withTaskCancellationHandler {
      await task.result
    } onCancel: {
      task.cancel()
    }
    unsafe await withUnsafeContinuation { continuation in
      loop.stop { unsafe continuation.resume() }
    }
    return try result.get()
  }

  /// A loop on a thread of its own, made on first use, that lasts as long as the process.
  ///
  /// What library calls use when they are made off any loop; those throw when it cannot be made. Asked for by name, it
  /// stops the program with a message if the system has no descriptors left for it.
  public static var shared: EventLoop {
    do { return try startShared() } catch {
      fatalError("the shared event loop could not start: \(error)")
    }
  }

  private static let started = Lock<EventLoop?>(nil)

  private static func startShared() throws(UVError) -> EventLoop {
    try started.withLock { (started) throws(UVError) in
      if let started { return started }
      let loop = try startOnThread(named: "fluvial.shared")
      started = loop
      return loop
    }
  }

  /// Where something shall live: on `loop` if one is given, else on the current one, else on the shared one.
  ///
  /// Throws ``UVError`` when that must be made first and cannot be.
  package static func chosen(_ loop: EventLoop?) throws(UVError) -> EventLoop {
    if let loop = loop ?? .current { return loop }
    return try startShared()
  }

  // MARK: Threads

  /// A loop that runs on a new thread until ``stop(_:)``.
  package static func startOnThread(named name: String) throws(UVError) -> EventLoop {
    let loop = try EventLoop()
    let thread = LoopThread(loop: loop)
    let raw = unsafe Unmanaged.passRetained(thread).toOpaque()
    let status = unsafe fluv_thread_start(runLoopThread, raw)
    if status < 0 {
      unsafe Unmanaged<LoopThread>.fromOpaque(raw).release()
      loop.end()
      loop.handOver()
      throw UVError(code: status, context: "thread of an event loop")
    }
    return loop
  }

  /// Ends a loop that ``startOnThread(named:)`` started, then calls `done` on its thread.
  func stop(_ done: @escaping @Sendable () -> Void) {
    core.submit(
      .call { [core] in
        unsafe core.local.pointee.stopped = done
        unsafe core.local.pointee.isEnding = true
      })
  }

  fileprivate func runUntilStopped() {
    attach()
    while unsafe core.local.pointee.stopped == nil { core.tick() }
    let done = unsafe core.local.pointee.stopped
    end()
    detach()
    done?()
  }

  private func attach() {
    unsafe core.local.pointee.hadSigpipeBlocked = fluv_thread_block_sigpipe() == 1
    unsafe fluv_thread_set_current(Unmanaged.passUnretained(core).toOpaque())
    unsafe core.local.pointee.facade = self
  }

  private func detach() {
    fluv_thread_set_current(nil)
    unsafe core.local.pointee.facade = nil
    if unsafe !core.local.pointee.hadSigpipeBlocked { fluv_thread_unblock_sigpipe() }
    handOver()
  }

  // MARK: The end

  /// Lets go of every resource, runs what is ready, closes the loop, sends latecomers elsewhere.
  func end() {
    unsafe core.local.pointee.phase = .closing
    core.repelLoad()
    core.dropTimers()
    // Those at the end of the list first: an entry that goes is replaced by the last.
    for resource in unsafe core.local.pointee.resources.reversed() { resource.loopWillClose() }
    // Handles and cancelled tasks need a few turns; tasks that never stop do not get for ever.
    var quietTurns = 0
    let deadline = fluv_monotonic_ns() &+ 5_000_000_000
    while quietTurns < 2, fluv_monotonic_ns() < deadline {
      if unsafe core.local.pointee.inboxHasItems { core.takeInbox() }
      core.runBatch()
      core.flushDirty()
      core.fluvTurn(wait: false)
      let isQuiet = unsafe core.local.pointee.ready.isEmpty && core.local.pointee.resources.isEmpty
      quietTurns = isQuiet ? quietTurns + 1 : 0
      if unsafe core.local.pointee.ready.isEmpty && !core.local.pointee.resources.isEmpty {
        sched_yield()
      }
    }
    core.inbox.withLock { $0.gate = .shut }
    unsafe core.local.pointee.phase = .closed
    unsafe fluv_loop_begin_close(core.handle)
    // Requests on the thread pool end by themselves, and nothing else is left.
    repeat { core.fluvTurn(wait: true) } while unsafe fluv_loop_close(core.handle) < 0
  }

  /// Leaves what is still to be run, and the loop's state with it, to the queue for late jobs.
  ///
  /// The last thing that the loop's thread does.
  fileprivate func handOver() {
    // Item by item: an array made of an empty deque writes to the one that all empty arrays share.
    var rest: [ReadyItem] = []
    while let item = unsafe core.local.pointee.ready.popFirst() { rest.append(item) }
    rest += core.inbox.withLock { inbox in
      inbox.gate = .gone
      defer { inbox.items = [] }
      return inbox.items
    }
    for item in rest { LateJobs.run(item, on: core) }
  }
}

/// What `run`'s body came to.
///
/// Touched on the loop's thread only.
private final class Outcome<Result>: @unchecked Sendable {
  var result: Swift.Result<Result, any Error>?
}

/// Carries `run`'s body into its task.
///
/// Sendable because the caller gave the body up: it was `sending`.
private final class Handover<Result>: @unchecked Sendable {
  let body: () async throws -> Result
  init(_ body: sending @escaping () async throws -> Result) { self.body = body }
}

private final class LoopThread {
  let loop: EventLoop
  init(loop: EventLoop) { self.loop = loop }
}

private func runLoopThread(_ raw: UnsafeMutableRawPointer?) {
  guard let raw = unsafe raw else { return }
  unsafe Unmanaged<LoopThread>.fromOpaque(raw).takeRetainedValue().loop.runUntilStopped()
}
