import Fluvial

/// A transport made outside of the package, on its public names alone: enciphers what goes over another one.
///
/// Protocol object of the transport below, transport of the protocol object above. Confined to its loop.
final class CipherTransport: Transport, StreamProtocol {
  private let above: any StreamProtocol
  private var replaced: (any StreamProtocol)?
  private var below: (any Transport)?
  private var sent = 0
  private var received = 0
  private var handedOver: [UInt8] = []
  private(set) var wasMade = false
  let loop: EventLoop

  init(_ above: any StreamProtocol, on loop: EventLoop) {
    self.above = above
    self.loop = loop
  }

  private var user: any StreamProtocol { replaced ?? above }

  /// Enciphers and deciphers: its own inverse, another key for each place.
  private static func change(_ byte: UInt8, at place: inout Int) -> UInt8 {
    defer { place &+= 1 }
    return byte ^ UInt8(truncatingIfNeeded: place &* 31 &+ 165)
  }

  // MARK: The transport below

  func connectionMade(_ transport: any Transport) throws {
    below = transport
    try user.connectionMade(self)
    wasMade = true
  }

  func dataReceived(_ bytes: Span<UInt8>) throws {
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    for index in bytes.indices { plain.append(Self.change(bytes[index], at: &received)) }
    try user.dataReceived(plain.span)
  }

  func eofReceived() throws -> EOFAction { try user.eofReceived() }
  func pauseWriting() throws { try user.pauseWriting() }
  func resumeWriting() throws { try user.resumeWriting() }

  func connectionLost(_ error: (any Error)?) {
    below = nil
    user.connectionLost(error)
  }

  // MARK: The protocol object above

  var isClosing: Bool { below?.isClosing ?? true }
  var isReading: Bool { below?.isReading ?? false }
  var localAddress: SocketAddress? { below?.localAddress }
  var remoteAddress: SocketAddress? { below?.remoteAddress }
  var canWriteEOF: Bool { below?.canWriteEOF ?? false }
  var writeBufferSize: Int { below?.writeBufferSize ?? 0 }

  var writeBufferLimits: WriteBufferLimits {
    get { below?.writeBufferLimits ?? .default }
    set { below?.writeBufferLimits = newValue }
  }
  var writeHardLimit: Int {
    get { below?.writeHardLimit ?? 0 }
    set { below?.writeHardLimit = newValue }
  }
  var lingerTime: Duration {
    get { below?.lingerTime ?? .zero }
    set { below?.lingerTime = newValue }
  }

  func pauseReading() { below?.pauseReading() }
  func resumeReading() { below?.resumeReading() }

  func write(_ bytes: Span<UInt8>) throws(UVError) {
    guard let below else { throw .notConnected }
    var place = sent
    var cipher: [UInt8] = []
    cipher.reserveCapacity(bytes.count)
    for index in bytes.indices { cipher.append(Self.change(bytes[index], at: &place)) }
    try below.write(cipher)
    sent = place
  }

  func write(contentsOf pieces: [[UInt8]]) throws(UVError) { try write(Array(pieces.joined())) }

  func writeEOF() throws(UVError) {
    guard let below else { throw .notConnected }
    try below.writeEOF()
  }

  func close() { below?.close() }
  func abort() { below?.abort() }

  func setProtocol(_ newProtocol: any StreamProtocol) {
    handedOver += user.protocolReplaced()
    replaced = newProtocol
    let me = LoopBound(self, on: loop)
    loop.execute { me.value.handOver() }
  }

  private func handOver() {
    let rest = handedOver
    handedOver = []
    do { if !rest.isEmpty { try user.dataReceived(rest.span) } } catch { abort() }
  }
}

/// Two streams over ciphers over TCP.
func cipherPair() async throws -> (
  ends: (near: (StreamReader, StreamWriter), far: (StreamReader, StreamWriter)),
  near: LoopBound<CipherTransport>
) {
  guard let loop = EventLoop.current else { throw CipherTestError() }
  let near = try StreamReaderProtocol(loop: loop)
  let far = try StreamReaderProtocol(loop: loop)
  let accepted = LoopBound(CipherTransport(far, on: loop), on: loop)
  let address = try SocketAddress(number: "127.0.0.1", port: 0)
  let listener = try await loop.createServer(on: address) { accepted.value }
  let connection = try await loop.createConnection(to: listener.value.address) {
    CipherTransport(near, on: loop)
  }
  while !accepted.value.wasMade { await Task.yield() }
  listener.value.close()
  let cipher = LoopBound(connection.value.protocol, on: loop)
  return ((near.makeStreams(), far.makeStreams()), cipher)
}

struct CipherTestError: Error {}
