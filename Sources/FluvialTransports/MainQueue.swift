internal import CFluvial

/// Serves libdispatch's main queue, and with it the main actor, from a loop that runs on the main thread.
///
/// The thread that would serve it is the loop's, so a body that awaits the main actor would hang for ever. Foundation's
/// run loop uses the same two entry points; they are looked up when the program runs.
final class MainQueue: LoopResource {
  private var poll: PollHandle?

  /// Throws when the system has nothing left to serve it with.
  static func serve(on loop: EventLoop) throws(UVError) {
    let descriptor = fluv_main_queue_descriptor()
    if descriptor == UVError.notSupported.code {
      Report.warning(
        "no main queue entry points here: awaiting the main actor inside run will hang")
      return
    }
    try UVError.check(descriptor, "main queue")
    let queue = MainQueue(on: loop)
    let poll = try PollHandle(descriptor: descriptor, on: loop) { status in
      if status != UVError.canceled.code { fluv_main_queue_run() }
    }
    queue.poll = poll
    loop.core.register(queue)
    try poll.start(readable: true)
  }

  override func loopWillClose() {
    poll?.close()
    poll = nil
    loop.core.unregister(self)
  }
}
