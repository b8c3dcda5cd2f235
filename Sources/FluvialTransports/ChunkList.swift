/// The bytes of a write queue: arrays as they were given where that saves a copy, blocks where many are small.
///
/// A block comes from the loop's pool, when the caller is on the loop and has one, and goes back there. Who lets go of a
/// list calls ``removeAll()`` before.
struct ChunkList {
  /// Bytes of an array, or of a block; two fields and no enum, because lending from an enum's payload copies it first.
  private struct Piece {
    var array: [UInt8] = []
    var block: WriteBlock?
    var start = 0
    var end = 0

    var count: Int { end - start }

    /// How many bytes can still be copied in.
    var room: Int { block.map { $0.size - end } ?? 0 }

    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
      if let block {
        return unsafe body(UnsafeBufferPointer(start: block.memory + start, count: end - start))
      }
      return unsafe array.withUnsafeBufferPointer { all in
        unsafe body(UnsafeBufferPointer(rebasing: all[start..<end]))
      }
    }
  }

  private var head = Piece()
  /// What comes after the head, from `restStart` on.
  private var rest: [Piece] = []
  private var restStart = 0

  /// Bytes in all pieces.
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// A value of more bytes than this has a piece of its own, unless there is room behind the last bytes.
  private static let gathered = WriteBlock.small

  /// Keeps `bytes` from `start` on, without a copy unless it is a small one behind others.
  mutating func append(_ bytes: [UInt8], from start: Int = 0, _ pool: BlockPool? = nil) {
    let added = bytes.count - start
    guard added > 0 else { return }
    if count > 0, added <= Self.gathered {
      append(copying: bytes.span.extracting(start..<bytes.count), pool)
    } else {
      push(Piece(array: bytes, start: start, end: bytes.count), pool)
    }
  }

  /// Copies the bytes, and `last` behind them.
  @inline(__always)
  mutating func append(
    copying bytes: Span<UInt8>, andThen last: UInt8? = nil, _ pool: BlockPool? = nil
  ) {
    let added = bytes.count + (last == nil ? 0 : 1)
    guard added > 0 else { return }
    if !copyToTail(bytes, andThen: last, added) { appendCopy(bytes, andThen: last, added, pool) }
  }

  /// Whether there was room behind the last bytes.
  @inline(__always)
  private mutating func copyToTail(_ bytes: Span<UInt8>, andThen last: UInt8?, _ added: Int) -> Bool
  {
    if restStart < rest.count {
      guard rest[rest.count - 1].room >= added else { return false }
      Self.copy(bytes, andThen: last, to: &rest[rest.count - 1])
    } else {
      guard head.room >= added else { return false }
      Self.copy(bytes, andThen: last, to: &head)
    }
    count += added
    return true
  }

  @inline(__always)
  private static func copy(_ bytes: Span<UInt8>, andThen last: UInt8?, to piece: inout Piece) {
    guard let block = piece.block else { return }
    unsafe bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      unsafe (block.memory + piece.end).update(from: base, count: bytes.count)
    }
    piece.end += bytes.count
    if let last {
      unsafe block.memory[piece.end] = last
      piece.end += 1
    }
  }

  private mutating func appendCopy(
    _ bytes: Span<UInt8>, andThen last: UInt8?, _ added: Int, _ pool: BlockPool?
  ) {
    if added <= Self.gathered {
      let block =
        isEmpty
        ? pool?.takeSmall() ?? WriteBlock(size: WriteBlock.small)
        : pool?.takeLarge() ?? WriteBlock(size: WriteBlock.large)
      var piece = Piece(block: block)
      Self.copy(bytes, andThen: last, to: &piece)
      push(piece, pool)
      return
    }
    var copy: [UInt8] = []
    copy.reserveCapacity(added)
    unsafe bytes.withUnsafeBufferPointer { unsafe copy.append(contentsOf: $0) }
    if let last { copy.append(last) }
    push(Piece(array: copy, start: 0, end: added), pool)
  }

  @inline(__always)
  private mutating func push(_ piece: Piece, _ pool: BlockPool?) {
    if count == 0 {
      reclaimHead(pool)
      head = piece
    } else {
      rest.append(piece)
    }
    count += piece.count
  }

  /// Lends the first piece, and the second if there is one.
  @inline(__always)
  func withFirstTwo<Result>(
    _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>?) -> Result
  ) -> Result {
    unsafe head.withBytes { first in
      guard restStart < rest.count else { return unsafe body(first, nil) }
      return unsafe rest[restStart].withBytes { second in unsafe body(first, second) }
    }
  }

  /// Takes the first `taken` bytes out.
  @inline(__always)
  mutating func consume(_ taken: Int, _ pool: BlockPool? = nil) {
    var left = min(taken, count)
    count -= left
    while left > 0 {
      if left < head.count {
        head.start += left
        return
      }
      left -= head.count
      reclaimHead(pool)
      advance()
    }
  }

  mutating func removeAll() {
    head.block?.free()
    for piece in rest { piece.block?.free() }
    self = ChunkList()
  }

  /// Lets go of the head's memory.
  @inline(__always)
  private mutating func reclaimHead(_ pool: BlockPool?) {
    if let block = head.block {
      if let pool { pool.put(block) } else { block.free() }
    }
    head = Piece()
  }

  private mutating func advance() {
    guard restStart < rest.count else { return }
    head = rest[restStart]
    rest[restStart] = Piece()
    restStart += 1
    if restStart == rest.count {
      rest.removeAll(keepingCapacity: rest.capacity <= 4)
      restStart = 0
    }
  }
}
