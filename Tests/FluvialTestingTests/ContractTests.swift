import Fluvial
import FluvialTesting
import StreamTestSupport
import Testing

/// The whole contract over every kind of stream, with ready jobs in several orders.
@Suite struct ContractTests {
  static let seeds: [UInt64] = [1, 2, 3, 535]

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

  private func check(_ seed: UInt64, _ makePair: @escaping StreamPairFactory) throws {
    try onLoop(within: .seconds(120), shuffledBy: seed) {
      var options = StreamCheckOptions()
      options.seed = seed
      options.volume = 200_000
      do {
        try await checkHalfCloseable(options: options, makePair)
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
