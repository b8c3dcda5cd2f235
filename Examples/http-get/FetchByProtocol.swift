import Fluvial

/// Fetches with a protocol class: the loop calls, the class answers.
///
/// On the loop's thread, as the body of `EventLoop.run` is.
func fetchByProtocol(_ request: Request) async throws -> [UInt8] {
  let loop = EventLoop.current ?? .shared
  let connection = try await loop.createConnection(host: request.host, port: request.port) {
    GetProtocol(request)
  }
  return try await withTaskCancellationHandler {
    try await connection.value.protocol.response()
  } onCancel: {
    // Comes from any thread; the transport belongs to the loop's.
    loop.execute { connection.value.transport.abort() }
  }
}

/// One request and its answer.
///
/// Every callback comes on the loop's thread, so plain variables will do.
final class GetProtocol: StreamProtocol {
  /// The answer is kept in memory here; `--streams` shows it as it comes and needs no limit.
  private static let sizeLimit = 64 * 1024 * 1024

  private let request: Request
  private var parser: ResponseParser
  private var transport: (any Transport)?
  private var received: [UInt8] = []
  private var outcome: Result<[UInt8], any Error>?
  private var waiter: CheckedContinuation<[UInt8], any Error>?

  init(_ request: Request) {
    self.request = request
    parser = ResponseParser(answerTo: request)
  }

  /// Waits for the whole answer.
  func response() async throws -> [UInt8] {
    try await withCheckedThrowingContinuation { continuation in
      if let outcome { continuation.resume(with: outcome) } else { waiter = continuation }
    }
  }

  func connectionMade(_ transport: any Transport) throws {
    self.transport = transport
    try transport.write(request.text)
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    do {
      received += try parser.feed(bytes)
      if received.count > Self.sizeLimit { throw Oversized(limit: Self.sizeLimit) }
      if parser.isComplete { end(.success(received)) }
    } catch { end(.failure(error)) }
  }

  func eofReceived() -> EOFAction {
    do {
      try parser.finish()
      end(.success(received))
    } catch { end(.failure(error)) }
    return .close
  }

  /// Always comes, and last; after an ``end(_:)`` there is nothing left to tell.
  func connectionLost(_ error: (any Error)?) {
    end(.failure(error ?? CancellationError()))
  }

  private func end(_ result: Result<[UInt8], any Error>) {
    transport?.close()
    transport = nil
    guard outcome == nil else { return }
    outcome = result
    waiter?.resume(with: result)
  }
}
