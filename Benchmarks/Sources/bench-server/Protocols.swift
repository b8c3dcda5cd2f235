import Fluvial
import Glibc

func serveByProtocol(at place: String, _ mode: Mode, loops: Int) async throws {
  guard let loop = EventLoop.current else { fatalError("off the loop") }
  let address =
    if let port = Int(place) {
      try SocketAddress(number: "127.0.0.1", port: port)
    } else {
      try SocketAddress(unixPath: place)
    }
  if loops > 1 {
    // Each loop's connections know each other: what is broadcast stays on its loop.
    let group = try EventLoopGroup(loops: loops)
    let crowds = group.loops.map { LoopBound(handingOver: Crowd(), to: $0) }
    let listener = try await group.createServer(on: address) {
      BenchProtocol(mode, crowds[group.indexOfCurrentLoop ?? 0].value)
    }
    for try await _ in loop.signals(.terminate) { break }
    listener.close()
  } else {
    let crowd = Crowd()
    let listener = try await loop.createServer(on: address) { BenchProtocol(mode, crowd) }
    for try await _ in loop.signals(.terminate) { break }
    listener.value.close()
  }
}

final class Crowd {
  var members: [BenchProtocol] = []
}

final class BenchProtocol: StreamProtocol {
  private let mode: Mode
  private let crowd: Crowd
  private var transport: (any Transport)?
  private var part: [UInt8] = []
  private var out: [UInt8] = []
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
    case .broadcast: for member in crowd.members { member.hear(bytes) }
    case .sink, .source: break
    }
  }

  /// One that cannot be reached is no fault of who spoke.
  private func hear(_ bytes: Span<UInt8>) {
    do { try transport?.write(bytes) } catch { transport?.abort() }
  }

  /// Gathers the lines that are complete, keeps the tail, as the C server does.
  private func lines(_ bytes: Span<UInt8>) throws {
    out.removeAll(keepingCapacity: true)
    bytes.withUnsafeBufferPointer { bytes in
      var rest = bytes[...]
      while let start = UnsafeBufferPointer(rebasing: rest).baseAddress,
        let found = memchr(start, 10, rest.count)
      {
        let end = rest.startIndex + (UnsafeRawPointer(found) - UnsafeRawPointer(start))
        if !part.isEmpty {
          out.append(contentsOf: part)
          part.removeAll(keepingCapacity: true)
        }
        out.append(contentsOf: rest[...end])
        rest = rest[(end + 1)...]
      }
      part.append(contentsOf: rest)
    }
    if !out.isEmpty { try transport?.write(out) }
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
