import FluvialTransports
import StreamTestSupport

/// Writes down what it is told, and does in each callback what a test wants.
///
/// Confined to its loop.
final class RecordingProtocol: StreamProtocol {
  struct Refusal: Error {}

  var calls: [String] = []
  var received: [UInt8] = []
  var transport: (any Transport)?
  var lostError: (any Error)?
  var onMade: ((any Transport) throws -> Void)?
  var onData: (([UInt8]) throws -> Void)?
  var onEOF: () throws -> EOFAction = { .close }
  var onPause: () throws -> Void = {}
  var onResume: () throws -> Void = {}

  var isLost: Bool { calls.last == "lost" }
  func count(of call: String) -> Int { calls.filter { $0 == call }.count }

  func connectionMade(_ transport: any Transport) throws {
    calls.append("made")
    self.transport = transport
    try onMade?(transport)
  }

  func dataReceived(_ bytes: Span<UInt8>) throws {
    if calls.last != "data" { calls.append("data") }
    let copy = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    received += copy
    try onData?(copy)
  }

  func eofReceived() throws -> EOFAction {
    calls.append("eof")
    return try onEOF()
  }

  func connectionLost(_ error: (any Error)?) {
    calls.append("lost")
    lostError = error
    transport = nil
  }

  func pauseWriting() throws {
    calls.append("pause")
    try onPause()
  }

  func resumeWriting() throws {
    calls.append("resume")
    try onResume()
  }
}

/// A recording protocol connected over TCP to a peer in the test's hands.
struct Recorded {
  let proto: RecordingProtocol
  let transport: any Transport
  let peer: RawSocket

  /// The loop's thread.
  static func connect(
    _ prepare: @Sendable @escaping (RecordingProtocol) -> Void = { _ in }
  ) async throws -> Recorded {
    guard let loop = EventLoop.current else { throw TestFailure("The test is on no loop.") }
    let listener = try RawListener()
    let box = try await loop.createConnection(host: "127.0.0.1", port: listener.port) {
      let proto = RecordingProtocol()
      prepare(proto)
      return proto
    }
    let (transport, proto) = box.value
    return Recorded(proto: proto, transport: transport, peer: try await listener.accept())
  }

  func lost() async throws {
    try await eventually("the connection is lost") { proto.isLost }
  }
}
