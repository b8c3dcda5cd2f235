/// The bytes of a write queue: whole arrays where that saves a copy, one growing array where many are small.
struct ChunkList {
  private var head: [UInt8] = []
  private var headStart = 0
  /// Whether the head was only ever filled by copying.
  private var isKnownToBeOurs = true
  /// What comes after the head, from `restStart` on.
  private var rest: [[UInt8]] = []
  private var restStart = 0

  /// Bytes in all chunks.
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// A value of at least this many bytes is kept as it is instead of being copied behind others.
  private static let adopted = 16 * 1024
  /// A chunk that others are copied into grows to about this.
  private static let gathered = 64 * 1024

  /// Keeps `bytes` from `start` on, without a copy unless it is a small one behind others.
  mutating func append(_ bytes: [UInt8], from start: Int = 0) {
    let added = bytes.count - start
    guard added > 0 else { return }
    if count == 0 {
      head = bytes
      headStart = start
      isKnownToBeOurs = false
    } else if added < Self.adopted, tailCount < Self.gathered {
      appendToTail(bytes.span.extracting(start..<bytes.count))
    } else if start == 0 {
      rest.append(bytes)
    } else {
      rest.append(Array(bytes[start...]))
    }
    count += added
  }

  /// Gathers into `spare`'s memory from now on, if there is nothing yet.
  mutating func useMemory(of spare: inout [UInt8]) {
    guard count == 0, head.capacity == 0 else { return }
    headStart = 0
    swap(&head, &spare)
  }

  /// Gives the memory of an empty list away, if it is worth keeping.
  mutating func giveMemory(to spare: inout [UInt8]) {
    guard count == 0, spare.capacity == 0, (2048...Self.gathered * 2).contains(head.capacity)
    else { return }
    headStart = 0
    head.removeAll(keepingCapacity: true)
    swap(&head, &spare)
  }

  mutating func append(copying bytes: Span<UInt8>) {
    guard bytes.count > 0 else { return }
    if count == 0 {
      resetHead()
      if head.capacity == 0, bytes.count < 4096 { head.reserveCapacity(4096) }
      head.append(copying: bytes)
    } else if tailCount < Self.gathered {
      appendToTail(bytes)
    } else {
      var chunk: [UInt8] = []
      chunk.append(copying: bytes)
      rest.append(chunk)
    }
    count += bytes.count
  }

  mutating func append(_ byte: UInt8) {
    if restStart < rest.count {
      rest[rest.count - 1].append(byte)
    } else {
      if count == 0 { resetHead() }
      head.append(byte)
    }
    count += 1
  }

  private var tailCount: Int {
    restStart < rest.count ? rest[rest.count - 1].count : head.count
  }

  private mutating func appendToTail(_ bytes: Span<UInt8>) {
    if restStart < rest.count {
      rest[rest.count - 1].append(copying: bytes)
    } else {
      head.append(copying: bytes)
    }
  }

  /// Lends the first chunk, and the second if there is one.
  func withFirstTwo<Result>(
    _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>?) -> Result
  ) -> Result {
    unsafe head.withUnsafeBufferPointer { all in
      let first = unsafe UnsafeBufferPointer(rebasing: all[headStart...])
      guard restStart < rest.count else { return unsafe body(first, nil) }
      return unsafe rest[restStart].withUnsafeBufferPointer { second in
        unsafe body(first, second)
      }
    }
  }

  /// Takes the first `taken` bytes out.
  mutating func consume(_ taken: Int) {
    var left = min(taken, count)
    count -= left
    while left > 0 {
      let available = head.count - headStart
      if left < available {
        headStart += left
        return
      }
      left -= available
      advanceHead()
    }
  }

  mutating func removeAll() {
    self = ChunkList()
  }

  private mutating func resetHead() {
    if isKnownToBeOurs { head.removeAll(keepingCapacity: true) } else { head = [] }
    headStart = 0
    isKnownToBeOurs = true
  }

  private mutating func advanceHead() {
    headStart = 0
    guard restStart < rest.count else {
      // What others gathered into is worth keeping until the end of the drain; the caller's own array is not.
      if isKnownToBeOurs { head.removeAll(keepingCapacity: true) } else { head = [] }
      return
    }
    head = rest[restStart]
    isKnownToBeOurs = false
    rest[restStart] = []
    restStart += 1
    if restStart == rest.count {
      rest = []
      restStart = 0
    }
  }
}

extension Array where Element == UInt8 {
  mutating func append(copying bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}
