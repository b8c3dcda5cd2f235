import ChatServing
import ChatWire
import Fluvial
import TestSupport

/// What a test waits for did not come.
struct ChatTestFailure: Error, CustomStringConvertible {
  let description: String
}

/// Runs a test on a loop of its own against a server of its own, with a deadline.
func withChat(
  within limit: Duration = .seconds(30), log: LineLog? = nil,
  limits: ChatLimits = ChatLimits(),
  _ body: @escaping @Sendable (ChatServer) async throws -> Void
) throws {
  try EventLoop.run {
    let server = try await ChatServer.start(port: 0, limits: limits, log: log?.add)
    try await withTimeout(limit * BuildKind.patience) { try await body(server) }
    await server.shutdown()
  }
}

extension ChatLimits {
  /// The usual limits but for one.
  static func with<Value>(
    _ limit: WritableKeyPath<ChatLimits, Value>, _ value: Value
  ) -> ChatLimits {
    ChatLimits().with(limit, value)
  }

  /// These limits but for one.
  func with<Value>(_ limit: WritableKeyPath<ChatLimits, Value>, _ value: Value) -> ChatLimits {
    var limits = self
    limits[keyPath: limit] = value
    return limits
  }
}

extension ChatServer {
  /// A connection that has read the greeting.
  func visit() async throws -> ChatVisitor {
    let visitor = try await ChatVisitor(port: localAddress?.port ?? 0)
    try await visitor.expect("* chat ready - say: CONNECT <name>")
    return visitor
  }

  /// A user who has read the welcome, whatever came with it, and nothing after that.
  func join(_ name: String, _ options: String = "") async throws -> ChatVisitor {
    let visitor = try await visit()
    try await visitor.say("CONNECT \(name) \(options)")
    try await visitor.settle()
    return visitor
  }
}

/// A client that a test plays.
struct ChatVisitor: Sendable {
  let reader: StreamReader
  let writer: StreamWriter

  init(port: Int) async throws {
    (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
  }

  init(unixPath: String) async throws {
    (reader, writer) = try await openConnection(unixPath: unixPath)
  }

  /// Sends lines, all of them in one write.
  func say(_ lines: String...) async throws {
    try await writer.write(lines.map { $0 + "\n" }.joined())
  }

  func send(_ bytes: [UInt8]) async throws { try await writer.write(bytes) }

  /// The next line; nil at the end.
  func next() async throws -> String? { try await reader.readLine() }

  /// Reads the lines that are given, and no others between them.
  func expect(_ lines: String...) async throws {
    for line in lines {
      let read = try await next()
      if read != line {
        throw ChatTestFailure(description: "Expected \(line), read \(read ?? "the end").")
      }
    }
  }

  /// Reads up to a line, and returns what came before it.
  @discardableResult
  func skip(to line: String) async throws -> [String] {
    var seen: [String] = []
    while let read = try await next() {
      if read == line { return seen }
      seen.append(read)
    }
    throw ChatTestFailure(description: "Waited for \(line), read \(seen) and the end.")
  }

  /// Reads everything that the server had to say up to now.
  @discardableResult
  func settle() async throws -> [String] {
    try await say("/ping settled")
    var seen: [String] = []
    while let read = try await next() {
      if read.hasSuffix("PONG settled") { return seen }
      seen.append(read)
    }
    throw ChatTestFailure(description: "Waited for PONG, read \(seen) and the end.")
  }

  /// Reads to the end of the connection.
  func rest() async throws -> [String] {
    var seen: [String] = []
    while let read = try await next() { seen.append(read) }
    return seen
  }
}
