import Fluvial

/// A transport made outside of the package that keeps what is written until a test says that its kernel took it.
///
/// Honours water marks as `Transport` describes them. Confined to its loop.
final class HoldingTransport: Transport {
  let loop: EventLoop
  private let user: any StreamProtocol
  /// Written, and still here.
  private(set) var held: [UInt8] = []
  /// What the kernel took.
  private(set) var taken: [UInt8] = []
  private(set) var hasEnded = false
  private(set) var isClosing = false
  private(set) var wasAborted = false
  private var hasPaused = false
  private(set) var isReading = true
  var writeBufferLimits = WriteBufferLimits.default
  var writeHardLimit = 1 << 20
  var lingerTime = Duration.seconds(30)

  init(_ user: any StreamProtocol, on loop: EventLoop) {
    self.user = user
    self.loop = loop
  }

  var localAddress: SocketAddress? { nil }
  var remoteAddress: SocketAddress? { nil }
  var canWriteEOF: Bool { true }
  var writeBufferSize: Int { held.count }

  func connect() throws { try user.connectionMade(self) }

  /// The kernel takes so many of the held bytes.
  func release(_ count: Int) throws {
    taken += held.prefix(count)
    held.removeFirst(min(count, held.count))
    if hasPaused, held.count <= writeBufferLimits.low {
      hasPaused = false
      try user.resumeWriting()
    }
  }

  func write(_ bytes: Span<UInt8>) throws(UVError) {
    guard !isClosing, !hasEnded else { throw .notConnected }
    for index in bytes.indices { held.append(bytes[index]) }
    guard !hasPaused, held.count > writeBufferLimits.high else { return }
    hasPaused = true
    try? user.pauseWriting()
  }

  func write(contentsOf pieces: [[UInt8]]) throws(UVError) { try write(Array(pieces.joined())) }

  func writeEOF() throws(UVError) { hasEnded = true }

  func close() { end() }

  func abort() {
    wasAborted = true
    end()
  }

  private func end() {
    guard !isClosing else { return }
    isClosing = true
    let me = LoopBound(self, on: loop)
    loop.execute { me.value.user.connectionLost(nil) }
  }

  func pauseReading() { isReading = false }
  func resumeReading() { isReading = true }
  func setProtocol(_ newProtocol: any StreamProtocol) {}
}

/// Streams over a transport that keeps what is written.
func holdingStreams() throws -> (
  reader: StreamReader, writer: StreamWriter, transport: LoopBound<HoldingTransport>
) {
  guard let loop = EventLoop.current else { throw CipherTestError() }
  let core = try StreamReaderProtocol(loop: loop)
  let transport = HoldingTransport(core, on: loop)
  try transport.connect()
  let (reader, writer) = core.makeStreams()
  return (reader, writer, LoopBound(transport, on: loop))
}
