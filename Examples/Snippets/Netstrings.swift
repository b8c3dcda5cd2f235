import Fluvial

// Shown in "Writing a protocol".

/// Takes netstrings out of a stream of bytes: `5:hello,` is one of five bytes.
///
/// A value that knows nothing of connections, so it is tested without one.
struct NetstringParser {
  struct Malformed: Error {}

  /// What somebody else may make us keep.
  private let longest: Int
  private var waiting: [UInt8] = []

  init(longest: Int) { self.longest = longest }

  /// Takes what came, cut anywhere, and gives `take` each netstring that is whole.
  mutating func feed(
    _ bytes: Span<UInt8>, _ take: (ArraySlice<UInt8>) throws -> Void
  ) throws {
    for index in bytes.indices { waiting.append(bytes[index]) }
    var rest = waiting[...]
    while let (content, end) = try next(in: rest) {
      try take(content)
      rest = rest[end...]
    }
    waiting = Array(rest)
  }

  private func next(
    in bytes: ArraySlice<UInt8>
  ) throws -> (content: ArraySlice<UInt8>, end: Int)? {
    guard let colon = bytes.prefix(10).firstIndex(of: UInt8(ascii: ":")) else {
      if bytes.count >= 10 { throw Malformed() }
      return nil
    }
    let digits = String(decoding: bytes[..<colon], as: UTF8.self)
    guard let count = Int(digits), (0...longest).contains(count) else { throw Malformed() }
    let start = colon + 1
    guard bytes.endIndex - start > count else { return nil }
    guard bytes[start + count] == UInt8(ascii: ",") else { throw Malformed() }
    return (bytes[start..<start + count], start + count + 1)
  }
}

/// Sends each netstring back.
final class NetstringEcho: StreamProtocol {
  private var transport: (any Transport)?
  private var parser = NetstringParser(longest: 65_536)

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
  }

  func dataReceived(_ bytes: Span<UInt8>) throws {
    // What this throws closes the connection, and is the error of `connectionLost`.
    try parser.feed(bytes) { content in
      let answer = Array("\(content.count):".utf8) + content + [UInt8(ascii: ",")]
      try transport?.write(answer)
    }
  }

  // More than 64 KiB of answers wait: no more questions until they have gone.
  func pauseWriting() { transport?.pauseReading() }
  func resumeWriting() { transport?.resumeReading() }

  func connectionLost(_ error: (any Error)?) { transport = nil }
}

func serveNetstrings(on port: Int) async throws {
  let loop = EventLoop.current ?? .shared
  let address = try SocketAddress(number: "127.0.0.1", port: port)
  let listener = try await loop.createServer(on: address) { NetstringEcho() }
  for try await _ in loop.signals(.interrupt, .terminate) { break }
  loop.execute { listener.value.close() }
}

/// Asks one question, and waits for the whole answer.
final class NetstringQuestion: StreamProtocol {
  private let question: String
  private var parser = NetstringParser(longest: 65_536)
  private var transport: (any Transport)?
  private var answer: Result<String, any Error>?
  private var waiter: CheckedContinuation<String, any Error>?

  init(_ question: String) { self.question = question }

  /// The way over to async code; called on the loop, as everything here.
  func wait() async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      if let answer { continuation.resume(with: answer) } else { waiter = continuation }
    }
  }

  func connectionMade(_ transport: any Transport) throws {
    self.transport = transport
    try transport.write("\(question.utf8.count):\(question),")
  }

  func dataReceived(_ bytes: Span<UInt8>) throws {
    try parser.feed(bytes) { finish(.success(String(decoding: $0, as: UTF8.self))) }
  }

  // Always comes, and last: nobody waits for ever.
  func connectionLost(_ error: (any Error)?) {
    finish(.failure(error ?? CancellationError()))
    transport = nil
  }

  private func finish(_ result: Result<String, any Error>) {
    guard answer == nil else { return }
    answer = result
    waiter?.resume(with: result)
    transport?.close()
  }
}

func askByNetstring(_ question: String, host: String, port: Int) async throws -> String {
  let loop = EventLoop.current ?? .shared
  return try await withTaskExecutorPreference(loop.taskExecutor) {
    let connection = try await loop.createConnection(host: host, port: port) {
      NetstringQuestion(question)
    }
    return try await withTaskCancellationHandler {
      try await connection.value.protocol.wait()
    } onCancel: {
      loop.execute { connection.value.transport.abort() }
    }
  }
}
