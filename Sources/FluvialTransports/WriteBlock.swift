/// Memory that small values are gathered in until they go out together.
///
/// Not counted: it has one holder at a time, a chunk list or a pool, which gives it on or frees it.
@safe
struct WriteBlock {
  /// Two of them are what a single system call takes, and are as much as waits before writing pauses.
  static let size = 32 * 1024

  let memory: UnsafeMutablePointer<UInt8>

  init() { unsafe memory = .allocate(capacity: WriteBlock.size) }

  func free() { unsafe memory.deallocate() }
}

/// The blocks that a loop keeps for the next queue that gathers: the one that was used last, whose memory is in the
/// cache, goes out first.
///
/// Belongs to the loop's thread. A pointer, as to all of a loop's own state: a class's property would be checked for
/// exclusivity at every access.
@safe
struct BlockPool {
  /// 1 MiB at most.
  private static let mostKept = 32

  private struct Spare {
    var last: WriteBlock? = WriteBlock()
    var others: [WriteBlock] = []
  }

  private let spare = UnsafeMutablePointer<Spare>.allocate(capacity: 1)

  init() { unsafe spare.initialize(to: Spare()) }

  /// Once, by the loop that made it.
  func free() {
    while let block = takeSpare() { block.free() }
    unsafe spare.deinitialize(count: 1)
    unsafe spare.deallocate()
  }

  /// A block that is there; nil when all are in use, as in the middle of a broadcast.
  func takeSpare() -> WriteBlock? {
    unsafe spare.pointee.last.take() ?? spare.pointee.others.popLast()
  }

  /// Keeps the block, if not enough are kept already.
  func put(_ block: WriteBlock) {
    if unsafe spare.pointee.last == nil {
      unsafe spare.pointee.last = block
    } else if unsafe spare.pointee.others.count < Self.mostKept - 1 {
      unsafe spare.pointee.others.append(block)
    } else {
      block.free()
    }
  }
}
