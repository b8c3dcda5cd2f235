import Fluvial
import FluvialTransports

/// A TCP server that echoes, hoards or pours, by the first byte of a connection, and a unix socket for orders.
///
/// On the loop only.
final class Serving: Sendable {
  private let host: String
  private let ticker = Ticker()
  private let released = Flag()
  private let stopped = Flag()

  init(host: String) { self.host = host }

  func run(control path: String) async throws {
    guard let loop = EventLoop.current else { return }
    var options = ServerOptions()
    options.onHandlerError = { say("handler \(describe($0))") }
    let server = try await startServer(host: host, port: 0, options: options) {
      try await self.serve($0, $1)
    }
    let orders = try await startServer(unixPath: path) { reader, writer in
      for try await line in reader.lines {
        let answer: String
        do { answer = try await self.obey(line) } catch { answer = "error \(describe(error))" }
        try await writer.writeLine(answer)
      }
    }
    ticker.start(on: loop)
    say("ready \(server.localAddresses.first?.port ?? 0)")
    await stopped.wait()
    await server.shutdown(grace: .seconds(2))
    await orders.shutdown(grace: .seconds(1))
  }

  // MARK: Connections

  private func serve(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    switch try await reader.read(upTo: 1) {
    case [UInt8(ascii: "e")]: try await echo(reader, writer)
    case [UInt8(ascii: "h")]: try await hoard(reader, writer)
    case [UInt8(ascii: "p")]: await pour(writer)
    default: break
    }
  }

  private func echo(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    while let some = try await reader.read(upTo: 64 * 1024) { try await writer.write(some) }
  }

  /// Lets bytes wait until it is told to read them, then says what it found, and how that ended.
  private func hoard(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    try await writer.write([1])
    await released.wait()
    var count = 0
    var end = "end"
    do {
      while let some = try await reader.read(upTo: 4096) { count += some.count }
    } catch { end = describe(error) }
    say("hoarded \(count) \(end)")
    writer.close()
    say("closed \(describe(await writer.waitClosed()))")
  }

  /// Writes until it cannot any more.
  private func pour(_ writer: StreamWriter) async {
    let block = [UInt8](repeating: 7, count: 16 * 1024)
    do { while true { try await writer.write(block) } } catch { say("poured \(describe(error))") }
  }

  // MARK: Orders

  private func obey(_ order: String) async throws -> String {
    let words = order.split(separator: " ").map(String.init)
    switch words.first {
    case "ping": return "pong"
    case "release":
      released.raise()
      return "ok"
    case "connect": return try await connect(port: Int(words[1]) ?? 0)
    case "race": return try await race(words.dropFirst())
    case "listen": return try await listen()
    case "keepalive": return try await keepAlive(port: Int(words[1]) ?? 0)
    case "loop":
      return try await EventLoop.run { EventLoop.current == nil ? "no loop" : "ok" }
    case "ticks": return ticker.summary
    case "signals": return watchSignals()
    case "objects": return "\(LiveObjects.count)"
    case "stop":
      stopped.raise()
      return "ok"
    default: return "what is \(order)?"
    }
  }

  /// Echoes a thousand bytes over a connection of its own.
  private func connect(port: Int) async throws -> String {
    try await withConnection(host: "127.0.0.1", port: port) { reader, writer in
      try await Self.check(reader, writer)
    }
  }

  static func check(_ reader: StreamReader, _ writer: StreamWriter) async throws -> String {
    let sent = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    try await writer.write([UInt8(ascii: "e")] + sent)
    let came = try await reader.read(exactly: sent.count)
    return came == sent ? "ok" : "damaged"
  }

  /// Tries addresses as those of one host are tried.
  private func race(_ texts: some Sequence<String>) async throws -> String {
    guard let loop = EventLoop.current else { return "no loop" }
    let addresses = try texts.map { text in
      let parts = text.split(separator: ":")
      return try SocketAddress(number: String(parts[0]), port: Int(parts[1]) ?? 0)
    }
    let owned = try await loop.connectFirst(of: addresses, from: nil, delay: .milliseconds(250))
    let (reader, writer) = try await openConnection(adopting: owned.take())
    defer { writer.close() }
    return try await Self.check(reader, writer)
  }

  private func listen() async throws -> String {
    let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
    server.close()
    await server.waitClosed()
    return "ok"
  }

  /// A connection that is refused its keep-alive goes on.
  private func keepAlive(port: Int) async throws -> String {
    guard let loop = EventLoop.current else { return "no loop" }
    let address = try SocketAddress(number: "127.0.0.1", port: port)
    let streams = try StreamReaderProtocol(loop: loop)
    let made = try await loop.createConnection(to: address) { streams }
    var refusal = "granted"
    do {
      try (made.value.transport as? TCPTransport)?.setKeepAlive(
        idle: .seconds(10), interval: .seconds(1), count: 3, timeout: .seconds(30))
    } catch { refusal = error.name }
    let (reader, writer) = streams.makeStreams()
    defer { writer.close() }
    return "\(refusal) \(try await Self.check(reader, writer))"
  }

  private func watchSignals() -> String {
    guard let loop = EventLoop.current else { return "no loop" }
    for signal in [Signal.windowSize, .childEnded, .resume] {
      Task(executorPreference: loop.taskExecutor) {
        for try await _ in loop.signals(signal) {}
      }
    }
    return "ok"
  }
}

/// Talks over several connections to an echo server, for as long as it is let.
func talkForEver(port: Int, connections: Int) async throws {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for _ in 0..<connections {
      group.addTask {
        try await withConnection(host: "127.0.0.1", port: port) { reader, writer in
          try await writer.write([UInt8(ascii: "e")])
          let block = [UInt8](repeating: 5, count: 4096)
          while true {
            try await writer.write(block)
            _ = try await reader.read(exactly: block.count)
          }
        }
      }
    }
    say("talking")
    try await group.waitForAll()
  }
}

/// The codes of an error, for a program to read.
func describe(_ error: any Error) -> String {
  switch error {
  case let error as StreamError where !error.attempts.isEmpty:
    "\(error.code) "
      + error.attempts.map { "\($0.address)=\($0.error.name)" }.joined(separator: ",")
  case let error as StreamError: "\(error.code) \(error.cause?.name ?? "-")"
  case let error as ConnectError:
    "connectFailed "
      + error.attempts.map { "\($0.address)=\($0.error.name)" }.joined(separator: ",")
  case let error as UVError: "uv \(error.name)"
  default: "\(error)"
  }
}

func describe(_ reason: CloseReason) -> String {
  switch reason {
  case .finished: "finished"
  case .reset(let error): "reset \(error.name)"
  case .aborted(let error): "aborted \(error?.name ?? "-")"
  }
}
