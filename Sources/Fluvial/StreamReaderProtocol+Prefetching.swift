internal import FluvialPrimitives
internal import FluvialTransports

/// What a read that wakes touches, told to the transport, which has it fetched while the kernel reads.
extension StreamReaderProtocol {
  /// What of a task a wait touches: the task itself, and the first frames of its stack, which is behind it.
  private static let taskSize = 896

  /// The transport, if it is one of ours and this is its loop's thread.
  private var nearTransport: StreamTransport? {
    loop.isCurrent ? openTransport as? StreamTransport : nil
  }

  func prefetch(_ reader: StreamReader, _ writer: StreamWriter) {
    guard let transport = nearTransport else { return }
    transport.prefetch(.reader, reader, count: 48)
    transport.prefetch(.writer, writer, count: 48)
  }

  /// The task by its address.
  func prefetchTask(at address: UInt) {
    let start = unsafe UnsafeRawPointer(bitPattern: address)
    unsafe nearTransport?.prefetch(
      .task, UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Self.taskSize))
  }
}
