internal import CFluvial
internal import DequeModule
internal import FluvialPrimitives
internal import Synchronization

/// What a loop has to run: a job of Swift concurrency, by the executor that it was enqueued on, or a plain call.
enum ReadyItem {
  case task(UnownedJob)
  case serial(UnownedJob)
  case call(() -> Void)
}

/// The loop itself: its thread's state, its inbox for other threads, its executor for tasks.
///
/// Two objects make an ``EventLoop``: this one, which tasks prefer, and the facade, on which actors live. Being two lets
/// the loop tell a task's job from an actor's, which run differently. Methods belong to the loop's thread unless they
/// say otherwise.
@safe
package final class LoopCore: TaskExecutor {
  /// open -> closing (no new resources) -> closed (late jobs run elsewhere).
  enum Phase { case open, closing, closed }

  /// What only the loop's thread touches.
  ///
  /// Behind a pointer: every access to a class's property would be checked for exclusivity, which costs more than the
  /// work.
  @safe struct Local {
    var phase = Phase.open
    var ready = Deque<ReadyItem>()
    /// What a delivery makes ready, while it wakes its reader: that need not go through the queue.
    var served: ReadyItem?
    var isServing = false
    var inboxHasItems = false
    /// Who has something to flush: the first one apart, because mostly there is only one.
    var firstDirty: (any WriteSink)?
    var otherDirty: [any WriteSink] = []
    var timers = TimerHeap()
    var resources: [LoopResource] = []
    var serialExecutor: UnownedSerialExecutor?
    var armedDeadline: UInt64 = .max
    /// The body has ended: there is nothing to wait for any more.
    var isEnding = false
    /// Set when a loop on a thread of its own is asked to end.
    var stopped: (() -> Void)?
    var hadSigpipeBlocked = false
    /// The loop that actors live on, while a thread runs it.
    var facade: EventLoop?
    /// Set by tests: the order of ready jobs is then drawn from it.
    var shuffle: SeededGenerator?
  }

  /// What other threads reach, under the lock.
  struct Inbox {
    /// open -> shut (kept, but there is nothing left to wake) -> gone (late jobs run elsewhere).
    enum Gate { case open, shut, gone }

    var items: [ReadyItem] = []
    var gate = Gate.open
  }

  let local: UnsafeMutablePointer<Local>
  /// Memory for the queues that gather small writes; the loop's thread.
  let blocks = BlockPool()
  let inbox = Lock(Inbox())
  let handle: OpaquePointer
  /// How much lives here, for who shares connections out among loops; any thread.
  private let load = Atomic<Int>(0)
  /// By how much tests have moved the clock forward, in nanoseconds.
  let clockOffset = Atomic<UInt64>(0)

  /// A tick runs at most this many jobs, so that timers and descriptors get their turn.
  private static let jobsPerTick = 256
  private static let nanosecondsPerTick: UInt64 = 2_000_000

  init() throws(UVError) {
    unsafe local = .allocate(capacity: 1)
    unsafe local.initialize(to: Local())
    var opened: OpaquePointer?
    let status = unsafe fluv_loop_open(&opened, loopCallbacks, nil)
    guard status == 0, let opened = unsafe opened else {
      unsafe local.deinitialize(count: 1)
      unsafe local.deallocate()
      blocks.free()
      throw UVError(code: status, context: "event loop")
    }
    unsafe handle = opened
    // Not counted: the loop is closed before this object goes.
    unsafe fluv_loop_set_owner(handle, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    unsafe local.deinitialize(count: 1)
    unsafe local.deallocate()
    blocks.free()
  }

  /// Whether the calling thread is the one that runs this loop now.
  ///
  /// Any thread.
  package var isCurrent: Bool {
    unsafe fluv_thread_current()
      == UnsafeMutableRawPointer(Unmanaged.passUnretained(self).toOpaque())
  }

  /// What the loop's clock shows, in nanoseconds.
  ///
  /// Any thread.
  var now: UInt64 { fluv_monotonic_ns() &+ clockOffset.load(ordering: .relaxed) }

  // MARK: Work

  /// Any thread.
  package func enqueue(_ job: consuming ExecutorJob) {
    submit(.task(UnownedJob(job)))
  }

  /// Takes an item, from any thread; after the loop's end it runs on the queue for late jobs.
  func submit(_ item: sending ReadyItem) {
    if isCurrent {
      if unsafe local.pointee.isServing {
        unsafe local.pointee.isServing = false
        unsafe local.pointee.served = item
      } else {
        unsafe local.pointee.ready.append(item)
      }
      return
    }
    let late: ReadyItem? = inbox.withLock { inbox in
      guard inbox.gate != .gone else { return item }
      inbox.items.append(item)
      // Under the lock, because the wake-up handle may be closed as soon as the inbox is shut.
      if inbox.items.count == 1, inbox.gate == .open { unsafe fluv_loop_wake(handle) }
      return nil
    }
    if let late { LateJobs.run(late, on: self) }
  }

  func run(_ item: ReadyItem) {
    switch item {
    case .task(let job):
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
    case .serial(let job):
      if let serial = unsafe local.pointee.serialExecutor {
        unsafe job.runSynchronously(isolatedTo: serial, taskExecutor: asUnownedTaskExecutor())
      }
    case .call(let call):
      call()
    }
  }

  /// Runs the first job that `wake` makes ready, if any, while what was read is still in the cache.
  ///
  /// What that job makes ready in turn waits for the tick. `wake` resumes a task and does nothing else. The loop's thread.
  @inline(__always)
  package func serve(_ wake: () -> Void) {
    guard unsafe local.pointee.shuffle == nil else { return wake() }
    unsafe local.pointee.isServing = true
    wake()
    unsafe local.pointee.isServing = false
    guard let item = unsafe local.pointee.served.take() else { return }
    run(item)
  }

  /// One tick: what was ready when it began, then what was written, then the descriptors and timers.
  func tick() {
    if unsafe local.pointee.inboxHasItems { takeInbox() }
    runBatch()
    flushDirty()
    armTimer()
    let isIdle = unsafe local.pointee.ready.isEmpty && local.pointee.firstDirty == nil
    fluvTurn(wait: unsafe isIdle && !local.pointee.isEnding)
  }

  /// The number of this turn, so that something can be bounded within one.
  var turn: UInt64 { unsafe fluv_loop_turns(handle) }

  func fluvTurn(wait: Bool) {
    unsafe fluv_loop_turn(handle, wait ? 1 : 0)
  }

  func runBatch() {
    var left = unsafe min(local.pointee.ready.count, Self.jobsPerTick)
    guard left > 0 else { return }
    if var generator = unsafe local.pointee.shuffle {
      unsafe local.pointee.ready.shuffle(using: &generator)
      unsafe local.pointee.shuffle = generator
    }
    let start = left > 32 ? fluv_monotonic_ns() : 0
    while left > 0, let item = unsafe local.pointee.ready.popFirst() {
      run(item)
      left -= 1
      if start != 0, left & 31 == 0, fluv_monotonic_ns() &- start > Self.nanosecondsPerTick {
        break
      }
    }
  }

  func takeInbox() {
    unsafe local.pointee.inboxHasItems = false
    let items = inbox.withLock { inbox in
      let taken = inbox.items
      inbox.items = []
      return taken
    }
    unsafe local.pointee.ready.append(contentsOf: items)
  }

  // MARK: Writes of this tick

  func markDirty(_ sink: any WriteSink) {
    if unsafe local.pointee.firstDirty == nil {
      unsafe local.pointee.firstDirty = sink
    } else {
      unsafe local.pointee.otherDirty.append(sink)
    }
  }

  package func flushDirty() {
    guard let first = unsafe local.pointee.firstDirty.take() else { return }
    first.flushWrites()
    guard unsafe !local.pointee.otherDirty.isEmpty else { return }
    var sinks: [any WriteSink] = []
    unsafe swap(&sinks, &local.pointee.otherDirty)
    for sink in sinks { sink.flushWrites() }
    if unsafe local.pointee.otherDirty.isEmpty {
      // Keeps the array's memory for the next tick.
      sinks.removeAll(keepingCapacity: true)
      unsafe swap(&sinks, &local.pointee.otherDirty)
    }
  }

  // MARK: Timers

  private func armTimer() {
    let next = unsafe local.pointee.timers.nextDeadline ?? .max
    guard unsafe next != local.pointee.armedDeadline else { return }
    unsafe local.pointee.armedDeadline = next
    if next == .max {
      unsafe fluv_loop_disarm(handle)
    } else {
      // libuv counts whole milliseconds, and never early means rounding away from now.
      let due = next / 1_000_000 &+ (next % 1_000_000 == 0 ? 0 : 1)
      let now = self.now / 1_000_000
      unsafe fluv_loop_arm(handle, due > now ? due &- now : 1)
    }
  }

  /// From libuv: the timer came.
  func timerFired() {
    unsafe local.pointee.armedDeadline = .max
    let now = self.now
    // Calls that these add wait for the next tick, whatever their time: else one that adds itself never ends.
    let last = unsafe local.pointee.timers.lastSequence
    while let call = unsafe local.pointee.timers.popDue(at: now, upTo: last) { call.fire() }
  }

  /// Gives up every call that is still scheduled; who sleeps is cancelled.
  func dropTimers() {
    while let call = unsafe local.pointee.timers.popAny() { call.drop() }
  }

  // MARK: Resources

  /// Throws ``UVError/canceled`` once the loop is ending: what is made then would never be let go of.
  func checkOpen() throws(UVError) {
    guard unsafe local.pointee.phase == .open else {
      throw UVError(code: UVError.canceled.code, context: "the event loop has ended")
    }
  }

  /// How many resources there are, and connections on their way here.
  ///
  /// Any thread.
  var currentLoad: Int { load.load(ordering: .relaxed) }

  /// Any thread.
  func addLoad(_ more: Int) { load.add(more, ordering: .relaxed) }

  /// The loop ends: nobody gives it a connection any more.
  func repelLoad() { addLoad(1 << 40) }

  /// Enters something that must be gone before the loop can end.
  func register(_ resource: LoopResource) {
    addLoad(1)
    unsafe resource.registration = local.pointee.resources.count
    unsafe local.pointee.resources.append(resource)
  }

  /// Takes it out again; harmless when it is not in.
  func unregister(_ resource: LoopResource) {
    guard let index = resource.registration else { return }
    resource.registration = nil
    addLoad(-1)
    let last = unsafe local.pointee.resources.removeLast()
    if last !== resource {
      unsafe local.pointee.resources[index] = last
      last.registration = index
    }
  }
}

// Local state is touched by the loop's thread alone; the inbox is under its lock.
extension LoopCore: @unchecked Sendable {}

/// Something that lives on a loop and ends with it: a transport, a listener, a watcher.
///
/// Confined to the loop's thread.
public class LoopResource {
  fileprivate(set) var registration: Int?

  /// The loop that it lives on.
  public let loop: EventLoop

  init(on loop: EventLoop) { self.loop = loop }

  /// The loop is ending: let go of every handle, without waiting for anybody.
  package func loopWillClose() {}
}

/// What a ``WriteQueue`` flushes into; confined to the loop's thread.
package protocol WriteSink: AnyObject {
  /// The end of a turn in which something was accepted.
  func flushWrites()

  /// Writes what goes at once: how many bytes of the two pieces, or a libuv error. Called under the queue's lock.
  func tryWrite(_ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>?) -> Int

  /// Copies the bytes and writes them when there is room: 0 or a libuv error. Called under the queue's lock.
  func startWrite(_ bytes: UnsafeBufferPointer<UInt8>) -> Int32
}
