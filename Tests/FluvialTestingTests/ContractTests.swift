import Fluvial
import FluvialTesting
import StreamTestSupport
import Testing

/// The whole contract over every kind of stream, with ready jobs in several orders.
@Suite struct ContractTests {
  /// Three that are always the same, and one that is drawn, and told when it finds something.
  static let seeds: [UInt64] = [1, 3, 535, .random(in: 1000...UInt64.max)]

  @Test(arguments: seeds)
  func `streams in memory keep the contract`(seed: UInt64) throws {
    try check(seed) { try await memoryStreamPair() }
  }

  @Test(arguments: seeds)
  func `streams in memory keep the contract when reads and writes are cut`(seed: UInt64) throws {
    try check(seed) { try await memoryStreamPair(capacity: 4000, faults: .masked(seed: seed)) }
  }

  @Test(arguments: seeds)
  func `a socket pair keeps the contract`(seed: UInt64) throws {
    try check(seed) {
      let (ours, peer) = try RawSocket.pair()
      return (
        try await openConnection(adopting: ours),
        try await openConnection(adopting: try duplicate(peer))
      )
    }
  }

  @Test(arguments: seeds, ["127.0.0.1", "::1"])
  func `TCP keeps the contract`(seed: UInt64, host: String) throws {
    try check(seed) { try await connected(through: SocketAddress(number: host, port: 0)) }
  }

  @Test(arguments: seeds)
  func `a unix socket keeps the contract`(seed: UInt64) throws {
    try check(seed) {
      let name = "\0fluvial.contract.\(seed).\(UInt64.random(in: 0...UInt64.max))"
      return try await connected(through: SocketAddress(unixPath: name))
    }
  }

  @Test(arguments: seeds)
  func `a transport from outside of the package keeps the contract`(seed: UInt64) throws {
    try check(seed) { try await cipherPair().ends }
  }

  @Test(arguments: seeds)
  func `a pipe each way, as a child's standard streams are, keeps the contract`(seed: UInt64) throws
  {
    // The two directions are connections of their own: closing one leaves the other.
    let without: Set<String> = [
      "after own close everything is refused as closed",
      "a close wakes a read and a write that wait",
      "the peer's close shows on writing, and stays",
    ]
    try check(seed, without: without, canEndOneDirection: false) {
      let (there, back) = (try await openPipe(), try await openPipe())
      return ((there.reader, back.writer), (back.reader, there.writer))
    }
  }

  // Y01, Y02
  @Test(arguments: seeds)
  func `a pseudo-terminal keeps the contract`(seed: UInt64) throws {
    // When the controller goes, the kernel hangs the terminal up and throws away what the program has not read.
    let without: Set<String> = [
      "what was sent before a close is read, then the end, swapped",
      "unread input does not harm what was sent before the close, swapped",
      "after cancelled reads and writes a close is still graceful, straight",
    ]
    try check(seed, without: without, canEndOneDirection: false) {
      let (controller, program) = try await terminalStreams()
      return (controller, program)
    }
  }

  private func check(
    _ seed: UInt64, without: Set<String> = [], canEndOneDirection: Bool = true,
    _ makePair: @escaping StreamPairFactory
  ) throws {
    try onLoop(within: .seconds(120), shuffledBy: seed) {
      var options = StreamCheckOptions()
      options.seed = seed
      options.volume = 200_000
      options.without = without
      do {
        if canEndOneDirection {
          try await checkHalfCloseable(options: options, makePair)
        } else {
          try await checkStreamPair(options: options, makePair)
        }
      } catch let error as StreamCheckError {
        Issue.record("seed \(seed):\n\(error)")
      }
    }
  }
}

/// A connection to a listener at `address`, and what the listener made of it.
private func connected(through address: SocketAddress) async throws -> (StreamEnd, StreamEnd) {
  guard let loop = EventLoop.current else { throw TestFailure("Not on a loop.") }
  let accepted = Record<StreamEnd>()
  let core = try StreamReaderProtocol(loop: loop) { accepted.add(($0, $1)) }
  // One connection is made, so that one protocol object will do.
  let listener = try await loop.createServer(on: address) { core }
  let bound = listener.value.address
  let near =
    bound.family == .unix
    ? try await openConnection(unixPath: bound.host)
    : try await openConnection(host: bound.host, port: bound.port)
  try await eventually("the connection is accepted") { !accepted.all.isEmpty }
  listener.value.close()
  return (near, accepted.all[0])
}
