import StreamTestSupport
import Testing

@testable import FluvialTransports

/// How much is read before timers, and everybody else, have their turn.
@Suite struct ReadShareTests {
  /// Adds up what all of them receive in each turn of the loop.
  private final class Turns {
    private(set) var total = 0
    private(set) var largest = 0
    private var turn: UInt64 = 0
    private var inTurn = 0

    func add(_ count: Int, in turn: UInt64) {
      if turn != self.turn { (self.turn, inTurn) = (turn, 0) }
      inTurn += count
      total += count
      largest = max(largest, inTurn)
    }
  }

  private final class Counting: StreamProtocol {
    private let turns: Turns
    private let loop: EventLoop

    init(_ turns: Turns, on loop: EventLoop) { (self.turns, self.loop) = (turns, loop) }

    func connectionMade(_ transport: any Transport) {}
    func dataReceived(_ bytes: Span<UInt8>) {
      turns.add(bytes.count, in: loop.core.turn)
    }
    func eofReceived() -> EOFAction { .close }
    func connectionLost(_ error: (any Error)?) {}
  }

  @Test func `many who have much to read do not keep the turn`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let turns = Turns()
      var peers: [RawSocket] = []
      var transports: [PipeTransport] = []
      var sent = 0
      let block = [UInt8](repeating: 120, count: 64 * 1024)
      for _ in 0..<200 {
        let (ours, peer) = try RawSocket.pair()
        while true {
          let taken = try peer.send(block)
          sent += taken
          if taken == 0 { break }
        }
        peers.append(peer)
        transports.append(try PipeTransport(adopting: ours, on: loop))
      }
      // All at once, so that one turn finds them all ready.
      for transport in transports { transport.start(Counting(turns, on: loop)) }
      try await eventually("all is here") { turns.total == sent }
      // 8 MiB for all, then 64 KiB each, and what one read more brings.
      let most = 8 * 1024 * 1024 + 200 * 64 * 1024 + 256 * 1024
      #expect(turns.largest <= most)
      #expect(sent > most, "the kernel held too little for a proof: \(sent)")
      for peer in peers { peer.close() }
    }
  }
}
