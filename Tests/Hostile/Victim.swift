import CheckRows
import Fluvial
import FluvialTransports
import StreamTestSupport

/// The server under attack: `victim DEADLINE-MS [HIGH-MARK]`.
///
/// What a connection wants is its first line, which must come before the deadline. Prints its ports, what came of writes
/// that nobody could be told of, and when its standard input ends what it still holds.
enum Victim {
  static func run(_ words: [String]) -> Int32 {
    do {
      try EventLoop.run { try await serve(words.compactMap { Int($0) }) }
      return 0
    } catch {
      print("failed \(error)")
      return 1
    }
  }

  private static func serve(_ numbers: [Int]) async throws {
    let deadline = Duration.milliseconds(numbers.first ?? 1_000)
    let limits = try numbers.dropFirst().first.map { high throws(UVError) in
      try WriteBufferLimits(high: high)
    }
    let loop = EventLoop.current ?? .shared
    let output = try await standardOutput()
    var options = ServerOptions()
    // Peers that reset are what this is about.
    options.onHandlerError = { _ in }
    let before = LiveObjects.count
    let server = try await startServer(host: "127.0.0.1", port: 0, options: options) {
      reader, writer in
      if let limits { writer.bufferLimits = limits }
      try await Conversation(reader: reader, writer: writer, deadline: deadline).run()
    }
    let listener = try await loop.createServer(
      on: SocketAddress(number: "127.0.0.1", port: 0)
    ) { HeedlessWriter(output) }
    let ports = [
      server.localAddresses.first?.port ?? 0, listener.value.address.port,
    ]
    try await output.write("ports \(ports[0]) \(ports[1])\n")
    let serving = start { try await server.serveForever() }
    _ = try await standardInput().readToEnd()
    listener.value.close()
    await server.shutdown(grace: .seconds(2))
    let end = if case .failure(let error) = await serving.result { "\(error)" } else { "nothing" }
    try? await eventually("everything is closed", within: .seconds(2)) {
      LiveObjects.count <= before
    }
    try await output.write("left \(LiveObjects.count - before) threw \(end)\n")
    try await output.flush()
  }
}

/// One connection at the victim, by streams.
private struct Conversation: Sendable {
  let reader: StreamReader
  let writer: StreamWriter
  let deadline: Duration

  func run() async throws {
    guard let request = try await withTimeout(deadline, { [reader] in try await reader.readLine() })
    else { return }
    let words = request.split(separator: " ")
    let number = words.dropFirst().first.flatMap { Int($0) } ?? 0
    switch words.first {
    case "write": while true { try await write(by: number) }
    case "try": try await tryToWrite(number)
    case "drowse": try await drowse(number)
    case "lines": try await answerLines()
    case "echo": try await writer.write(request + "\n")
    default: try await writer.write("what?\n")
    }
  }

  static let waysThatWait = 7
  private static let block = [UInt8](repeating: 120, count: 16 * 1_024)
  private static let text = String(repeating: "x", count: 16 * 1_024)

  private func write(by way: Int) async throws {
    switch way {
    case 0: try await writer.write(Self.block)
    case 1: try await writer.write(Self.text)
    case 2: try await writer.write(Self.block.span)
    case 3: try await writer.write(Self.block[...])
    case 4: try await writer.write(contentsOf: [Self.block, [1, 2, 3]])
    case 5: try await writer.writeLine(Self.text)
    default:
      if try !writer.tryWrite(Self.block) { try await writer.drain() }
    }
  }

  /// Writes without waiting until it is refused, and stays.
  private func tryToWrite(_ way: Int) async throws {
    while try way == 0 ? writer.tryWrite(Self.block) : writer.tryWrite(Self.block.span) {}
    _ = try await reader.read(upTo: 1)
  }

  /// Does not read for a while, then now and then; tells how much there was.
  private func drowse(_ milliseconds: Int) async throws {
    let clock = reader.loop.clock
    try await clock.sleep(for: .milliseconds(milliseconds))
    var (count, reads) = (0, 0)
    while let some = try await reader.read(upTo: 1 << 20) {
      count += some.count
      reads += 1
      if reads.isMultiple(of: 64) { try await clock.sleep(for: .milliseconds(10)) }
    }
    try await writer.write("\(count)\n")
  }

  private func answerLines() async throws {
    while true {
      do {
        guard let line = try await reader.readLine() else { return }
        try await writer.write("line \(line)\n")
      } catch let error as StreamError where error.code == .limitOverrun {
        try await writer.write("too long\n")
      }
    }
  }
}

/// A protocol object that writes, without looking, as long as it is let.
private final class HeedlessWriter: StreamProtocol {
  private let output: StreamWriter
  private var transport: (any Transport)?

  init(_ output: StreamWriter) { self.output = output }

  func connectionMade(_ transport: any Transport) { self.transport = transport }

  func dataReceived(_ bytes: Span<UInt8>) {
    guard let transport, bytes.count > 0 else { return }
    let block = [UInt8](repeating: 120, count: 16 * 1_024)
    let text = String(repeating: "x", count: 16 * 1_024)
    var count = 0
    var refusal = "nothing"
    do throws(UVError) {
      while count < 1 << 28 {
        switch bytes[0] {
        case UInt8(ascii: "0"): try transport.write(block)
        case UInt8(ascii: "1"): try transport.write(block.span)
        case UInt8(ascii: "2"): try transport.write(text)
        default: try transport.write(contentsOf: [block])
        }
        count += block.count
      }
    } catch { refusal = error.name }
    _ = try? output.tryWrite(Array("refused \(transport.writeBufferSize) \(refusal)\n".utf8))
  }

  static let ways = 4
}

extension Victim {
  static var waysThatWait: Int { Conversation.waysThatWait }
  static var waysThatDoNot: Int { HeedlessWriter.ways }
}
