internal import CFluvial
internal import DequeModule
internal import Dispatch
internal import Synchronization

/// Runs what reaches a loop after its end, one at a time, in order.
///
/// A task that prefers a loop may be resumed by anybody at any time; dropping its job would leave it hanging for ever.
/// For the time of a job the queue stands in for the loop's thread, which has let go of the loop's state: what checks that
/// it is on the loop, as closing a listener does, goes on working.
enum LateJobs {
  private static let queue = DispatchQueue(label: "fluvial.late-jobs")
  private static let counter = Atomic<Int>(0)

  /// How many came late since the process began.
  static var count: Int { counter.load(ordering: .relaxed) }

  static func run(_ item: ReadyItem, on core: LoopCore) {
    counter.add(1, ordering: .relaxed)
    let box = Handover(item)
    queue.async {
      unsafe fluv_thread_set_current(Unmanaged.passUnretained(core).toOpaque())
      core.run(box.item)
      core.dropTimers()
      while let next = unsafe core.local.pointee.ready.popFirst() { run(next, on: core) }
      fluv_thread_set_current(nil)
    }
  }

  /// Carries an item to the queue.
  ///
  /// Sendable because whoever submitted the item gave it up, and the loop's thread does not run it.
  private final class Handover: @unchecked Sendable {
    let item: ReadyItem
    init(_ item: ReadyItem) { self.item = item }
  }
}
