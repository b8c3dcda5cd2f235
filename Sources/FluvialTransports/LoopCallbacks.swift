internal import CFluvial

// What libuv calls: named functions that only find their owner. A closure written in main-actor code would carry an
// executor check, which costs 350 instructions a call and traps on another thread.

/// The table that every loop uses; lives as long as the process.
@safe nonisolated(unsafe) let loopCallbacks: UnsafePointer<fluv_callbacks> = {
  let table = UnsafeMutablePointer<fluv_callbacks>.allocate(capacity: 1)
  unsafe table.initialize(
    to: fluv_callbacks(
      loop_woken: loopWoken,
      loop_timer: loopTimer,
      stream_read: streamRead,
      stream_memory: streamMemory,
      stream_written: streamWritten,
      stream_shut: streamShut,
      stream_closed: streamClosed,
      poll_ready: pollReady,
      poll_closed: pollClosed,
      signal_raised: signalRaised,
      signal_closed: signalClosed,
      process_exited: processExited,
      process_closed: processClosed,
      lookup_done: lookupDone))
  return unsafe UnsafePointer(table)
}()

@inline(__always)
private func borrow<Owner: AnyObject>(_ raw: UnsafeMutableRawPointer?, as type: Owner.Type)
  -> Owner?
{
  unsafe raw.map { unsafe Unmanaged<Owner>.fromOpaque($0).takeUnretainedValue() }
}

/// Takes back the reference that the handle held.
@inline(__always)
private func reclaim<Owner: AnyObject>(
  _ raw: UnsafeMutableRawPointer?, as type: Owner.Type
) -> Owner? {
  unsafe raw.map { unsafe Unmanaged<Owner>.fromOpaque($0).takeRetainedValue() }
}

private func loopWoken(_ owner: UnsafeMutableRawPointer?) {
  if let core = unsafe borrow(owner, as: LoopCore.self) {
    unsafe core.local.pointee.inboxHasItems = true
  }
}

private func loopTimer(_ owner: UnsafeMutableRawPointer?) {
  unsafe borrow(owner, as: LoopCore.self)?.timerFired()
}

private func streamRead(
  _ owner: UnsafeMutableRawPointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int
) {
  guard let owner = unsafe owner else { return }
  // Not counted: the handle's reference lasts until its closed callback, which never comes from within another.
  unsafe Unmanaged<StreamTransport>.fromOpaque(owner)._withUnsafeGuaranteedRef {
    unsafe $0.didRead(bytes, count)
  }
}

private func streamMemory(
  _ owner: UnsafeMutableRawPointer?, _ base: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?,
  _ length: UnsafeMutablePointer<Int>?
) {
  guard let base = unsafe base, let length = unsafe length else { return }
  let memory = unsafe borrow(owner, as: StreamTransport.self)?.memoryForRead()
  unsafe base.pointee = memory?.baseAddress
  unsafe length.pointee = memory?.count ?? 0
}

private func streamWritten(_ owner: UnsafeMutableRawPointer?, _ status: Int32) {
  unsafe borrow(owner, as: StreamTransport.self)?.didWrite(status)
}

private func streamShut(_ owner: UnsafeMutableRawPointer?, _ status: Int32) {
  unsafe borrow(owner, as: StreamTransport.self)?.didShutdown(status)
}

private func streamClosed(_ owner: UnsafeMutableRawPointer?) {
  unsafe reclaim(owner, as: StreamTransport.self)?.didClose()
}

private func pollReady(_ owner: UnsafeMutableRawPointer?, _ status: Int32, _ events: Int32) {
  unsafe borrow(owner, as: PollHandle.self)?.ready(status: status)
}

private func pollClosed(_ owner: UnsafeMutableRawPointer?) {
  unsafe reclaim(owner, as: PollHandle.self)?.closed()
}

private func signalRaised(_ owner: UnsafeMutableRawPointer?, _ number: Int32) {
  unsafe borrow(owner, as: SignalHandle.self)?.raised()
}

private func signalClosed(_ owner: UnsafeMutableRawPointer?) {
  unsafe reclaim(owner, as: SignalHandle.self)?.closed()
}

private func processExited(_ owner: UnsafeMutableRawPointer?, _ status: Int64, _ signal: Int32) {
  unsafe borrow(owner, as: ProcessHandle.self)?.exited(status: status, signal: signal)
}

private func processClosed(_ owner: UnsafeMutableRawPointer?) {
  unsafe reclaim(owner, as: ProcessHandle.self)?.closed()
}

private func lookupDone(
  _ owner: UnsafeMutableRawPointer?, _ status: Int32, _ found: UnsafePointer<fluv_address>?,
  _ count: Int
) {
  let list = unsafe UnsafeBufferPointer(start: found, count: count)
  unsafe reclaim(owner, as: Lookup.self)?.finished(
    status: status, addresses: list.compactMap { SocketAddress(raw: $0) })
}
