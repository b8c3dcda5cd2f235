internal import CFluvial

/// Serves libdispatch's main queue, and with it the main actor, from a loop that runs on the main thread.
///
/// The thread that would serve it is the loop's, so a body that awaits the main actor would hang for ever. Foundation's
/// run loop uses the same two entry points; they are looked up when the program runs.
final class MainQueue: LoopResource {
  private var poll: PollHandle?

  static func serve(on loop: EventLoop) {
    let descriptor = fluv_main_queue_descriptor()
    guard descriptor >= 0 else {
      Report.warning(
        "no main queue entry points here: awaiting the main actor inside run will hang")
      return
    }
    let queue = MainQueue(on: loop)
    do {
      let poll = try PollHandle(descriptor: descriptor, on: loop) { status in
        if status != UVError.canceled.code { fluv_main_queue_run() }
      }
      try poll.start(readable: true)
      queue.poll = poll
      loop.core.register(queue)
    } catch {
      Report.warning("the main queue cannot be served", ["error": "\(error)"])
    }
  }

  override func loopWillClose() {
    poll?.close()
    poll = nil
    loop.core.unregister(self)
  }
}
