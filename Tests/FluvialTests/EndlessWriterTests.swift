import Fluvial
import FluvialPrimitives
import Glibc
import StreamTestSupport
import Testing

/// A task that writes without end to a peer that takes everything.
@Suite struct EndlessWriterTests {
  @Test(arguments: [100, 4096, 65_536, 300_000])
  func `it lets others run after a megabyte or so`(size: Int) throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let (ours, peer) = try RawSocket.pair()
      let (_, writer) = try await openConnection(adopting: ours)
      // Another process takes what comes, so that the kernel has room again and again.
      _ = fcntl(peer.descriptor, F_SETFL, 0)
      let taker = try await startProcess(
        "cat", input: .descriptor(peer.descriptor), output: .null)
      peer.close()
      let written = Counter()
      let mostInATurn = Counter()
      let isOver = Flag()
      // A call a turn: what was written since the last one went in one turn.
      @Sendable func look() {
        mostInATurn.raise(to: written.take())
        if !isOver.isRaised { loop.execute { look() } }
      }
      loop.execute { look() }
      let block = [UInt8](repeating: 7, count: size)
      var total = 0
      while total < 24 << 20 {
        try await writer.write(block)
        written.add(size)
        total += size
      }
      isOver.raise()
      try await writer.flush()
      #expect(mostInATurn.value > 0)
      #expect(mostInATurn.value <= 1024 * 1024 + 128 * 1024 + 3 * size)
      writer.close()
      _ = await writer.waitClosed()
      try await taker.wait()
    }
  }
}

/// A number that the loop's thread and a test share.
private final class Counter: Sendable {
  private let state = Lock(0)
  var value: Int { state.withLock { $0 } }
  func add(_ count: Int) { state.withLock { $0 += count } }
  func raise(to count: Int) { state.withLock { $0 = max($0, count) } }
  func take() -> Int {
    state.withLock { count in
      defer { count = 0 }
      return count
    }
  }
}
