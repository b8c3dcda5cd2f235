/// The scheduled calls of a loop, soonest first.
///
/// A binary heap in which each call knows its place, so that cancelling removes it at once: a million cancelled timeouts
/// of an hour hold no memory.
struct TimerHeap {
  private var calls: [ScheduledCall] = []
  private var inserted: UInt64 = 0

  var nextDeadline: UInt64? { calls.first?.deadline }
  var count: Int { calls.count }

  mutating func insert(_ call: ScheduledCall) {
    inserted &+= 1
    call.sequence = inserted
    call.place = calls.count
    calls.append(call)
    siftUp(calls.count - 1)
  }

  mutating func remove(_ call: ScheduledCall) {
    guard let place = call.place else { return }
    call.place = nil
    let last = calls.removeLast()
    guard last !== call else { return }
    calls[place] = last
    last.place = place
    siftUp(place)
    siftDown(last.place ?? place)
  }

  /// The number of the call that came last.
  var lastSequence: UInt64 { inserted }

  /// The soonest call that is due, unless it came after the one with the number `last`.
  mutating func popDue(at now: UInt64, upTo last: UInt64) -> ScheduledCall? {
    guard let first = calls.first, first.deadline <= now, first.sequence <= last else {
      return nil
    }
    remove(first)
    return first
  }

  mutating func popAny() -> ScheduledCall? {
    guard let last = calls.last else { return nil }
    remove(last)
    return last
  }

  /// Sooner, or as soon and scheduled before.
  private func precedes(_ left: Int, _ right: Int) -> Bool {
    let (a, b) = (calls[left], calls[right])
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.sequence < b.sequence
  }

  private mutating func exchange(_ left: Int, _ right: Int) {
    calls.swapAt(left, right)
    calls[left].place = left
    calls[right].place = right
  }

  private mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard precedes(child, parent) else { return }
      exchange(child, parent)
      child = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var parent = start
    while true {
      var first = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < calls.count {
        if precedes(child, first) { first = child }
      }
      guard first != parent else { return }
      exchange(parent, first)
      parent = first
    }
  }
}
