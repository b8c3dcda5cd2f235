/// Bytes in order of arrival, in one contiguous piece, taken from the front.
///
/// Owns no memory while it is empty, so that an idle connection costs nothing.
@frozen public struct ByteQueue {
  @usableFromInline var bytes: [UInt8] = []
  @usableFromInline var start = 0

  /// An empty queue.
  @inlinable public init() {}

  /// A queue of these bytes.
  @inlinable public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// How many bytes there are.
  @inlinable public var count: Int { bytes.count - start }
  /// Whether there are none.
  @inlinable public var isEmpty: Bool { start == bytes.count }

  /// Copies the bytes behind what is there.
  @inlinable public mutating func append(_ added: UnsafeBufferPointer<UInt8>) {
    compactIfWorthwhile()
    unsafe bytes.append(contentsOf: added)
  }

  /// Puts the other queue's bytes behind these.
  @inlinable public mutating func append(_ other: ByteQueue) {
    if isEmpty { self = other } else { unsafe other.withContents { unsafe append($0) } }
  }

  /// Lends all bytes.
  @inlinable @inline(__always)
  public func withContents<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    unsafe bytes.withUnsafeBufferPointer { all in
      unsafe body(UnsafeBufferPointer(rebasing: all[start...]))
    }
  }

  /// Drops the first `taken` bytes; all, if there are fewer.
  @inlinable public mutating func consume(_ taken: Int) {
    start += min(taken, count)
    if isEmpty { self = ByteQueue() }
  }

  /// Takes the first `wanted` bytes out; all, if there are fewer.
  ///
  /// All of them cost no copy.
  @inlinable public mutating func take(_ wanted: Int) -> [UInt8] {
    if start == 0, wanted >= bytes.count {
      let all = bytes
      self = ByteQueue()
      return all
    }
    let end = start + min(wanted, count)
    let taken = Array(bytes[start..<end])
    consume(taken.count)
    return taken
  }

  /// Keeps what was consumed from being carried along for ever, at constant cost a byte.
  @inlinable mutating func compactIfWorthwhile() {
    guard start > 4096, start > bytes.count / 2 else { return }
    bytes.removeFirst(start)
    start = 0
  }
}
