internal import Dispatch
internal import Synchronization

/// Runs what reaches a loop after its end, one at a time, in order.
///
/// A task that prefers a loop may be resumed by anybody at any time; dropping its job would leave it hanging for ever.
enum LateJobs {
  private static let queue = DispatchQueue(label: "fluvial.late-jobs")
  private static let counter = Atomic<Int>(0)

  /// How many came late since the process began.
  static var count: Int { counter.load(ordering: .relaxed) }

  static func run(_ item: sending ReadyItem, on core: LoopCore) {
    counter.add(1, ordering: .relaxed)
    let box = Handover(item)
    queue.async {
      switch box.item {
      case .task(let job), .serial(let job):
        unsafe job.runSynchronously(on: core.asUnownedTaskExecutor())
      case .call(let call): call()
      }
    }
  }

  /// Carries an item to the queue.
  ///
  /// Sendable because the sender gives it up: `item` was `sending`.
  private final class Handover: @unchecked Sendable {
    let item: ReadyItem
    init(_ item: sending ReadyItem) { self.item = item }
  }
}
