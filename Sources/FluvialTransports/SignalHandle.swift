internal import CFluvial
internal import CTerminalGuard

/// Watches one signal on a loop; confined to the loop.
///
/// Binds `uv_signal_t`.
@safe
package final class SignalHandle: LoopResource {
  private let number: Int32
  private var handle: OpaquePointer?
  private var onSignal: (() -> Void)?

  /// Called when the loop ends before the watcher was closed.
  package var onLoopEnd: (() -> Void)?

  /// Takes the signal's disposition over until the last watcher of it is closed.
  package init(
    number: Int32, on loop: EventLoop, onSignal: @escaping () -> Void
  ) throws(UVError) {
    guard (1...64).contains(number) else {
      throw UVError(code: UVError.invalidArgument.code, context: "signal \(number)")
    }
    self.number = number
    self.onSignal = onSignal
    super.init(on: loop)
    try loop.core.checkOpen()
    let owner = unsafe Unmanaged.passRetained(self)
    var opened: OpaquePointer?
    let status = unsafe fluv_signal_open(loop.core.handle, number, owner.toOpaque(), &opened)
    if status < 0 {
      unsafe owner.release()
      throw UVError(code: status, context: "signal \(number)")
    }
    unsafe handle = opened
    loop.core.register(self)
  }

  package func close() {
    guard let closing = unsafe handle else { return }
    unsafe handle = nil
    onSignal = nil
    onLoopEnd = nil
    unsafe fluv_signal_close(closing)
    // libuv put the default action back; a terminal in raw mode needs more than that.
    if [Signal.interrupt, .terminate, .hangup].contains(Signal(rawValue: number)) {
      _ = ftg_handle_termination(true)
    }
  }

  package override func loopWillClose() {
    let told = onLoopEnd
    close()
    told?()
  }

  // MARK: From libuv

  func raised() { onSignal?() }

  func closed() { loop.core.unregister(self) }
}
