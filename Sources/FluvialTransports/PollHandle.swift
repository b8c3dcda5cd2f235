internal import CFluvial

/// Watches a descriptor that stays its owner's for readiness; confined to the loop.
///
/// Binds `uv_poll_t`.
@safe
final class PollHandle: LoopResource {
  private var handle: OpaquePointer?
  private var onReady: ((Int32) -> Void)?
  private var isOnce = false

  /// `onReady` gets 0 or libuv's error; ``UVError/canceled`` when the loop ends.
  init(
    descriptor: Int32, on loop: EventLoop, onReady: @escaping (Int32) -> Void
  ) throws(UVError) {
    self.onReady = onReady
    super.init(on: loop)
    try loop.core.checkOpen()
    let owner = unsafe Unmanaged.passRetained(self)
    var opened: OpaquePointer?
    let status = unsafe fluv_poll_open(loop.core.handle, descriptor, owner.toOpaque(), &opened)
    if status < 0 {
      unsafe owner.release()
      throw UVError(code: status, context: "poll")
    }
    unsafe handle = opened
    loop.core.register(self)
  }

  func start(readable: Bool = false, writable: Bool = false) throws(UVError) {
    guard let handle = unsafe handle else { return }
    let events = (readable ? FLUV_READABLE.int32 : 0) | (writable ? FLUV_WRITABLE.int32 : 0)
    try UVError.check(unsafe fluv_poll_start(handle, events), "poll")
  }

  /// Ready once: told at every turn until somebody closes this, thousands of connections would be looked at by each.
  func startOnceWritable() throws(UVError) {
    isOnce = true
    try start(writable: true)
  }

  /// Ready when the other end is gone.
  func startWatchingForDisconnect() throws(UVError) {
    guard let handle = unsafe handle else { return }
    try UVError.check(unsafe fluv_poll_start(handle, FLUV_DISCONNECT.int32), "poll")
  }

  func stop() {
    if let handle = unsafe handle { unsafe fluv_poll_stop(handle) }
  }

  /// The descriptor may be closed or wrapped as soon as this returns.
  func close() {
    guard let closing = unsafe handle else { return }
    unsafe handle = nil
    onReady = nil
    unsafe fluv_poll_close(closing)
  }

  override func loopWillClose() {
    let report = onReady
    close()
    report?(UVError.canceled.code)
  }

  // MARK: From libuv

  func ready(status: Int32) {
    if isOnce { stop() }
    onReady?(status)
  }

  func closed() { loop.core.unregister(self) }
}
