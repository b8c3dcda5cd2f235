import Fluvial

// Shown in "From asyncio to Fluvial" and "Life of a connection".

func ask(host: String, port: Int) async throws -> String? {
  try await withConnection(host: host, port: port) { reader, writer in
    try await writer.writeLine("hello")
    return try await reader.readLine()
  }
}

func askWithinASecond(host: String, port: Int) async throws -> String? {
  try await withConnection(host: host, port: port) { reader, writer in
    try await writer.writeLine("hello")
    do {
      return try await withTimeout(.seconds(1)) { try await reader.readLine() }
    } catch is TimeoutError {
      // Nothing was lost: what came meanwhile is still there, and so is the connection.
      try await writer.writeLine("take your time")
      return try await reader.readLine()
    }
  }
}

func report(to host: String, port: Int, lines: [String]) async throws -> CloseReason {
  let (_, writer) = try await openConnection(host: host, port: port)
  for line in lines { try await writer.writeLine(line) }
  writer.close()
  return await writer.waitClosed()
}

func shout(on port: Int) async throws {
  let server = try await startServer(host: "127.0.0.1", port: port) { reader, writer in
    for try await line in reader.lines {
      try await writer.writeLine(line.uppercased())
    }
  }
  for try await _ in server.loop.signals(.interrupt, .terminate) { break }
  await server.shutdown(grace: .seconds(5))
}

func copy(_ reader: StreamReader, to writer: StreamWriter) async throws {
  while let bytes = try await reader.read(upTo: 64 * 1024) {
    try await writer.write(bytes)
  }
  try writer.writeEOF()
}

/// Everybody gets the line; who is too slow for it is dropped, and nobody waits.
func tell(_ line: String, to members: [StreamWriter]) {
  let bytes = Array("\(line)\n".utf8)
  for member in members {
    if (try? member.tryWrite(bytes)) != true { member.abort() }
  }
}

func wordCount(of text: String) async throws -> String {
  try await withProcess("wc", ["-w"], input: .pipe, output: .pipe) { child in
    let (output, _, exit) = try await child.communicate(input: Array(text.utf8))
    guard exit.isSuccess else { return "wc \(exit)" }
    return String(decoding: output, as: UTF8.self)
  }
}
