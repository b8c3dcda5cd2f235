/// Memory that small values are gathered in until they go out together.
///
/// Not counted: it has one holder at a time, a chunk list or a pool, which gives it on or frees it.
@safe
struct WriteBlock {
  /// What a queue begins with: most have a few hundred bytes a turn, and in a broadcast every one of them has.
  static let small = 4 * 1024
  /// What it goes on with: two of them are what a single system call takes.
  static let large = 32 * 1024

  let memory: UnsafeMutablePointer<UInt8>
  let size: Int

  init(size: Int) {
    unsafe memory = .allocate(capacity: size)
    self.size = size
  }

  func free() { unsafe memory.deallocate() }
}

/// The blocks that a loop keeps for the next queue that gathers: the one that was used last, whose memory is in the
/// cache, goes out first.
///
/// Belongs to the loop's thread. A pointer, as to all of a loop's own state: a class's property would be checked for
/// exclusivity at every access.
@safe
struct BlockPool {
  /// Of each size; 1 MiB of small ones and as much of large ones at most.
  private static let (mostSmall, mostLarge) = (256, 32)

  private struct Spare {
    /// The small one that was used last; apart, because mostly it is the only one.
    var last: WriteBlock?
    var small: [WriteBlock] = []
    var large: [WriteBlock] = []
  }

  private let spare = UnsafeMutablePointer<Spare>.allocate(capacity: 1)

  init() { unsafe spare.initialize(to: Spare()) }

  /// Once, by the loop that made it.
  func free() {
    unsafe spare.pointee.last?.free()
    for block in unsafe spare.pointee.small + spare.pointee.large { block.free() }
    unsafe spare.deinitialize(count: 1)
    unsafe spare.deallocate()
  }

  func takeSmall() -> WriteBlock? {
    unsafe spare.pointee.last.take() ?? spare.pointee.small.popLast()
  }

  func takeLarge() -> WriteBlock? { unsafe spare.pointee.large.popLast() }

  /// Keeps the block, if not enough are kept already.
  func put(_ block: WriteBlock) {
    if block.size == WriteBlock.large {
      guard unsafe spare.pointee.large.count < Self.mostLarge else { return block.free() }
      unsafe spare.pointee.large.append(block)
    } else if unsafe spare.pointee.last == nil {
      unsafe spare.pointee.last = block
    } else if unsafe spare.pointee.small.count < Self.mostSmall {
      unsafe spare.pointee.small.append(block)
    } else {
      block.free()
    }
  }
}
