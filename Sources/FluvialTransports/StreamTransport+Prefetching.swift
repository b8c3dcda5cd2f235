internal import CFluvial
internal import FluvialPrimitives

/// What a delivery touches, told to libuv's side, which fetches it into the cache while the kernel reads.
///
/// Of a thousand connections none finds its objects in the cache: without this, each waits for them one by one. Hints
/// only, so nothing keeps the objects alive for it.
extension StreamTransport {
  /// Who has which slot.
  package enum Prefetched: Int32 {
    case transport, queue, queueState, proto, readingState, task, reader, writer
  }

  /// From now on this memory is fetched before a delivery.
  ///
  /// The loop's thread.
  package func prefetch(_ slot: Prefetched, _ memory: UnsafeRawBufferPointer) {
    guard let handle = unsafe handle else { return }
    unsafe fluv_stream_prefetch(handle, slot.rawValue, memory.baseAddress, memory.count)
  }

  /// From now on the start of this object is fetched before a delivery.
  ///
  /// The loop's thread.
  package func prefetch(_ slot: Prefetched, _ object: AnyObject, count: Int) {
    let start = unsafe UnsafeRawPointer(Unmanaged.passUnretained(object).toOpaque())
    unsafe prefetch(slot, UnsafeRawBufferPointer(start: start, count: count))
  }

  func prefetchesOwnState() {
    // Behind these are addresses, limits and what ends a connection.
    prefetch(.transport, self, count: 128)
    prefetch(.queue, writes, count: 32)
    unsafe prefetch(.queueState, writes.state.place)
  }

  /// Of other people's objects the start: it has at least the reference counts.
  func prefetches(_ proto: any StreamProtocol) {
    prefetch(.proto, proto, count: 64)
    for slot in [Prefetched.readingState, .task, .reader, .writer] {
      unsafe prefetch(slot, UnsafeRawBufferPointer(start: nil, count: 0))
    }
  }
}
