import FluvialPrimitives
import FluvialTransports
import Glibc
import StreamTestSupport

@testable import Fluvial

/// A stream whose peer reads only when the test tells it to, over a kernel that holds little.
struct StalledStream: Sendable {
  let reader: StreamReader
  let writer: StreamWriter
  let peer: RawSocket

  init(limits: WriteBufferLimits? = nil) async throws {
    let (ours, peer) = try RawSocket.pair()
    var size: Int32 = 4096
    _ = unsafe setsockopt(
      ours, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    try peer.setBuffers(4096)
    (reader, writer) = try await openConnection(adopting: ours)
    self.peer = peer
    if let limits { writer.bufferLimits = limits }
  }

  /// Writes until the kernel takes no more and some bytes wait; how many were written.
  func fill() async throws -> Int {
    var written = 0
    while writer.bufferedCount == 0 {
      try await writer.write(pattern(512, from: written))
      written += 512
      await turns(3)
    }
    return written
  }

  /// Fills, and goes on until no room is left.
  func fillToPause() async throws -> Int {
    var written = try await fill()
    while try writer.tryWrite(pattern(512, from: written)) { written += 512 }
    return written
  }

  /// Lets the peer read everything to its end, after which both are closed.
  func finish() async throws -> [UInt8] {
    writer.close()
    let all = try await peer.receiveToEnd()
    peer.close()
    _ = await writer.waitClosed()
    return all
  }

  func abort() async {
    writer.abort()
    peer.close()
    _ = await writer.waitClosed()
  }
}

extension StreamWriter {
  /// How many writes wait for room.
  func waitingWrites() -> Int { core.link.withLock { $0.writes }?.waitingCount ?? 0 }

  /// Lets the loop turn until so many writes wait for room.
  func waiting(_ count: Int) async throws {
    try await eventually("\(count) writes wait") { waitingWrites() == count }
  }
}
