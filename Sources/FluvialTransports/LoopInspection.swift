internal import CFluvial
internal import DequeModule
internal import FluvialPrimitives
internal import Synchronization

/// What is left open, for tests.
extension EventLoop {
  /// Transports, listeners and watchers that live on the loop now; the loop's thread only.
  package var liveResourceCount: Int {
    checkIsolated()
    return unsafe core.local.pointee.resources.count
  }

  /// Whether the loop is letting go of everything, or has.
  package var isEnding: Bool { unsafe core.local.pointee.phase != .open }

  /// Moves the loop's clock forward: what has become due comes in the next turn; the loop's thread only.
  package func moveClock(by time: Duration) {
    checkIsolated()
    core.clockOffset.wrappingAdd(
      UInt64(clamping: time.wholeNanoseconds), ordering: .relaxed)
    // It was armed for the time as it was.
    unsafe core.local.pointee.armedDeadline = .max
  }

  /// Runs the jobs of each turn in an order drawn from `seed`; the loop's thread only.
  package func shuffleReadyJobs(seed: UInt64?) {
    checkIsolated()
    unsafe core.local.pointee.shuffle = seed.map { SeededGenerator(seed: $0) }
  }
}

/// The objects of the C layer.
package enum LiveObjects {
  /// How many the process has, on all loops.
  package static var count: Int { fluv_live_objects() }
}

/// Runs something when its loop ends: for what lives on a loop and is no handle of libuv's.
///
/// Confined to the loop's thread.
package final class LoopEndHook: LoopResource {
  private var body: (() -> Void)?

  /// Calls `body` once when the loop ends, unless ``leave()`` comes first.
  package init(on loop: EventLoop, _ body: @escaping () -> Void) {
    self.body = body
    super.init(on: loop)
    loop.core.register(self)
  }

  /// The owner is gone: the loop need not wait for it.
  package func leave() {
    body = nil
    loop.core.unregister(self)
  }

  package override func loopWillClose() { body?() }
}

extension WriteQueue {
  /// How many writers wait for room.
  package var waitingCount: Int { state.withLock { $0.roomWaiters.count } }

  /// How many wait until all is with the kernel.
  package var drainingCount: Int { state.withLock { $0.flushWaiters.count } }
}
