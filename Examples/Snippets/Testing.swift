import Fluvial
import FluvialTesting

// Shown in "Testing what you build on streams".

/// The code under test: it takes streams, and does not ask where they lead.
func greet(_ reader: StreamReader, _ writer: StreamWriter) async throws {
  guard let name = try await reader.readLine() else { return }
  try await writer.writeLine("hello \(name)")
}

func greetingInMemory() async throws -> String? {
  let (near, far) = try await memoryStreamPair()
  try await near.writer.writeLine("ann")
  try await greet(far.reader, far.writer)
  return try await near.reader.readLine()
}

func greetingOverABadLine(seed: UInt64) async throws -> String? {
  let (near, far) = try await memoryStreamPair(faults: .masked(seed: seed))
  async let served: Void = greet(far.reader, far.writer)
  try await near.writer.writeLine("ann")
  let answer = try await near.reader.readLine()
  try await served
  return answer
}

func greetingInAnyOrder(seed: UInt64) throws -> String? {
  try EventLoop.run(shufflingWith: seed) { try await greetingInMemory() }
}

func checkUnixSockets(at path: String) async throws {
  try await checkStreamPair {
    let (accepted, accept) = AsyncStream.makeStream(of: StreamEnd.self)
    let server = try await startServer(unixPath: path) { reader, writer in
      accept.yield((reader, writer))
      _ = await writer.waitClosed()
    }
    let near = try await openConnection(unixPath: path)
    var ends = accepted.makeAsyncIterator()
    guard let far = await ends.next() else { throw CancellationError() }
    server.close()
    return (near, far)
  }
}
