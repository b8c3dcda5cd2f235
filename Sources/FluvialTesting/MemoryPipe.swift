internal import Fluvial
internal import FluvialPrimitives
internal import FluvialTransports

/// One direction of a stream in memory: what a kernel would hold; confined to the loop.
final class MemoryPipe {
  private var held = ByteQueue()
  private let capacity: Int
  private let faults: StreamFaults?
  private var random: SeededGenerator
  private var taken = 0
  /// Nothing more will be put in; with an error when it was cut off.
  private(set) var end: Result<Void, UVError>?
  /// Nobody will take anything out.
  private(set) var isAbandoned = false
  /// There is something to take, or the end.
  var onReadable: () -> Void = {}
  /// There may be room, or nobody to write for.
  var onWritable: () -> Void = {}

  init(capacity: Int, faults: StreamFaults?, seed: UInt64) {
    self.capacity = capacity
    self.faults = faults
    random = SeededGenerator(seed: seed)
  }

  var isEmpty: Bool { held.isEmpty }

  /// Puts in what fits: how many bytes, or a libuv error.
  func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    if isAbandoned { return Int(UVError.brokenPipe.code) }
    if case .failure(let error) = end { return Int(error.code) }
    var room = min(bytes.count, capacity - held.count)
    if let faults {
      if taken >= faults.resetAfter {
        cut(.connectionReset)
        return Int(UVError.connectionReset.code)
      }
      if Double.random(in: 0..<1, using: &random) < faults.refusedWrites { room = 0 }
      if room > 0 { room = min(room, Int.random(in: 1...faults.longestWrite, using: &random)) }
      room = min(room, faults.resetAfter - taken)
    }
    guard room > 0 else { return Int(UVError.tryAgain.code) }
    unsafe held.append(UnsafeBufferPointer(rebasing: bytes.prefix(room)))
    taken += room
    onReadable()
    return room
  }

  /// Takes out what comes with one delivery.
  func read() -> [UInt8] {
    var most = 256 * 1024
    if let faults { most = Int.random(in: 1...min(most, faults.longestRead), using: &random) }
    let bytes = held.take(most)
    if !bytes.isEmpty { onWritable() }
    return bytes
  }

  /// The writing end is done.
  func finish() {
    guard end == nil else { return }
    end = .success(())
    onReadable()
  }

  /// The writing end is gone; what it sent before can still be read.
  func cut(_ error: UVError) {
    if case .failure = end { return }
    end = .failure(error)
    onReadable()
  }

  /// The reading end is gone.
  func abandon() {
    guard !isAbandoned else { return }
    isAbandoned = true
    held = ByteQueue()
    onWritable()
  }
}
