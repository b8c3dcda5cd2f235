import Fluvial

func serveByProtocol(at place: String, _ mode: Mode) async throws {
  guard let loop = EventLoop.current else { fatalError("off the loop") }
  let address =
    if let port = Int(place) {
      try SocketAddress(number: "127.0.0.1", port: port)
    } else {
      try SocketAddress(unixPath: place)
    }
  let crowd = Crowd()
  let listener = try await loop.createServer(on: address) { BenchProtocol(mode, crowd) }
  try await loop.clock.sleep(for: .seconds(1_000_000))
  _ = listener
}

final class Crowd {
  var members: [BenchProtocol] = []
}

final class BenchProtocol: StreamProtocol {
  private let mode: Mode
  private let crowd: Crowd
  private var transport: (any Transport)?
  private var part: [UInt8] = []
  private var isPaused = false
  private static let chunk = [UInt8](repeating: 0, count: 65536)

  init(_ mode: Mode, _ crowd: Crowd) {
    self.mode = mode
    self.crowd = crowd
  }

  func connectionMade(_ transport: any Transport) throws {
    self.transport = transport
    if mode == .broadcast { crowd.members.append(self) }
    if mode == .source { try pour() }
  }

  func dataReceived(_ bytes: Span<UInt8>) throws {
    switch mode {
    case .echo: try transport?.write(bytes)
    case .line: try lines(bytes)
    case .broadcast: for member in crowd.members { try member.transport?.write(bytes) }
    case .sink, .source: break
    }
  }

  private func lines(_ bytes: Span<UInt8>) throws {
    var start = 0
    for index in bytes.indices where bytes[index] == 10 {
      if !part.isEmpty {
        try transport?.write(part)
        part.removeAll(keepingCapacity: true)
      }
      try transport?.write(bytes.extracting(start..<(index + 1)))
      start = index + 1
    }
    for index in start..<bytes.count { part.append(bytes[index]) }
  }

  private func pour() throws {
    while !isPaused { try transport?.write(Self.chunk.span) }
  }

  func pauseWriting() {
    isPaused = true
    if mode == .echo || mode == .line { transport?.pauseReading() }
  }

  func resumeWriting() throws {
    isPaused = false
    if mode == .source { try pour() }
    if mode == .echo || mode == .line { transport?.resumeReading() }
  }

  func connectionLost(_ error: (any Error)?) {
    crowd.members.removeAll { $0 === self }
    transport = nil
  }
}
