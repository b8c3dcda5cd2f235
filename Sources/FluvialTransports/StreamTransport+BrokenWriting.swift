internal import CFluvial

/// A connection that cannot be written to any more, while what the peer sent before is still being read.
///
/// The loop's thread.
final class BrokenWriting {
  let error: UVError
  var hasRead = false
  /// Looks in a row at which nothing had been read.
  var quietLooks = 0

  init(error: UVError) { self.error = error }
}

/// A peer that refuses a request sends its answer and goes, and the first to notice may be a write. Ending the connection
/// there would lose the answer, which the kernel has already.
extension StreamTransport {
  /// Refuses all writing from now on, and fails once nothing more can be read.
  func failWriting(_ error: UVError) {
    guard phase == .open, isStarted, !hasSeenEOF, isSocket, !isBorrowed else {
      fail(error)
      return
    }
    guard brokenWriting == nil else { return }
    brokenWriting = BrokenWriting(error: error)
    writes.close(error)
    lookForRest()
  }

  /// While paused nobody looks; resuming calls this again.
  func lookForRest() {
    guard brokenWriting != nil, phase == .open, !isPaused else { return }
    let me = LoopBound(self, on: loop)
    loop.schedule(after: .milliseconds(1)) { me.value.lookedForRest() }
  }

  private func lookedForRest() {
    guard let broken = brokenWriting, phase == .open, !isPaused else { return }
    broken.quietLooks = broken.hasRead ? 0 : broken.quietLooks + 1
    broken.hasRead = false
    // Between two looks the descriptors were polled at least once.
    if broken.quietLooks > 1 { fail(broken.error) } else { lookForRest() }
  }
}
