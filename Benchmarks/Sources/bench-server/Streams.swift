import Fluvial

/// The server as a user writes it.
func streamsHandler(_ mode: Mode) -> Server.Handler {
  switch mode {
  case .echo:
    return { reader, writer in
      while let bytes = try await reader.read(upTo: 65536) { try await writer.write(bytes) }
    }
  case .line:
    return { reader, writer in
      while let line = try await reader.readLine() { try await writer.writeLine(line) }
    }
  case .sink:
    return { reader, _ in while try await reader.read(upTo: 65536) != nil {} }
  case .source:
    let chunk = [UInt8](repeating: 0, count: 65536)
    return { _, writer in while true { try await writer.write(chunk) } }
  case .broadcast:
    guard let loop = EventLoop.current else { fatalError("off the loop") }
    let room = Room(loop: loop)
    return { reader, writer in
      await room.join(writer)
      while let bytes = try await reader.read(upTo: 65536) { await room.say(bytes) }
      await room.leave(writer)
    }
  }
}

/// Everybody who is connected; lives on the loop.
actor Room {
  let loop: EventLoop
  private var writers: [ObjectIdentifier: StreamWriter] = [:]
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  init(loop: EventLoop) { self.loop = loop }

  func join(_ writer: StreamWriter) { writers[ObjectIdentifier(writer)] = writer }
  func leave(_ writer: StreamWriter) { writers[ObjectIdentifier(writer)] = nil }
  func say(_ bytes: [UInt8]) {
    for writer in writers.values where (try? writer.tryWrite(bytes)) != true { writer.abort() }
  }
}

/// The same with reads that lend.
func lendingHandler(_ mode: Mode) -> Server.Handler {
  switch mode {
  case .echo:
    return { reader, writer in
      while let sent = try await reader.withNextChunk({ try writer.tryWrite($0) }) {
        guard sent else { throw StreamError(.closed, "no room") }
        try await writer.drain()
      }
    }
  case .sink:
    return { reader, _ in while try await reader.withNextChunk({ $0.count }) != nil {} }
  default: return streamsHandler(mode)
  }
}
