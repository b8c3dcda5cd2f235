/// Memory that small values are gathered in until they go out together.
///
/// Belongs to one write queue at a time, and is touched under its lock.
@safe
final class WriteBlock {
  /// Two of them are what a single system call takes, and are as much as waits before writing pauses.
  static let size = 32 * 1024

  let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: WriteBlock.size)

  deinit { unsafe memory.deallocate() }
}

/// The blocks that a loop keeps for the next queue that gathers: the one that was used last, whose memory is in the
/// cache, goes out first.
///
/// Belongs to the loop's thread. A pointer, as to all of a loop's own state: a class's property would be checked for
/// exclusivity at every access.
@safe
struct BlockPool {
  /// 1 MiB at most.
  static let mostKept = 32

  private let spare = UnsafeMutablePointer<[WriteBlock]>.allocate(capacity: 1)

  init() { unsafe spare.initialize(to: [WriteBlock()]) }

  /// Once, by the loop that made it.
  func free() {
    unsafe spare.deinitialize(count: 1)
    unsafe spare.deallocate()
  }

  /// A block that is there; nil when all are in use, as in the middle of a broadcast.
  func takeSpare() -> WriteBlock? { unsafe spare.pointee.popLast() }

  /// Keeps the block, if not enough are kept already.
  func put(_ block: WriteBlock) {
    if unsafe spare.pointee.count < Self.mostKept { unsafe spare.pointee.append(block) }
  }
}
