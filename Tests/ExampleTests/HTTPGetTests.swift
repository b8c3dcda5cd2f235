import Fluvial
import TestSupport
import Testing

@Suite struct HTTPGetTests {
  static let layers: [[String]] = [[], ["--streams"]]

  // E07
  @Test(arguments: layers)
  func `a header that comes byte by byte is shown whole`(layer: [String]) throws {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Name: value\r\n\r\nhello"
    let outcome = try get(layer) { writer in
      for byte in answer.utf8 {
        try await writer.write([byte])
        try await writer.flush()
      }
    }
    expect(outcome, shows: answer)
  }

  @Test(arguments: layers)
  func `a body of known length ends there although the server goes on listening`(
    layer: [String]
  ) throws {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    let outcome = try get(layer, keepingOpen: true) { try await $0.write(answer + "surplus") }
    expect(outcome, shows: answer)
  }

  @Test(arguments: layers)
  func `a body of unknown length ends with the connection`(layer: [String]) throws {
    let answer = "HTTP/1.0 200 OK\r\n\r\nhello\nthere"
    let outcome = try get(layer) { try await $0.write(answer) }
    expect(outcome, shows: answer)
  }

  @Test(arguments: layers)
  func `a chunked body is shown without its framing`(layer: [String]) throws {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    let outcome = try get(layer, keepingOpen: true) {
      try await $0.write(head + "5\r\nhello\r\nA;x=y\r\n, world...\r\n0\r\nX-Sum: 1\r\n\r\n")
    }
    expect(outcome, shows: head + "hello, world...")
  }

  @Test(arguments: layers)
  func `HEAD shows the header and waits for no body`(layer: [String]) throws {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    let outcome = try get(layer + ["--head"], keepingOpen: true) { try await $0.write(answer) }
    expect(outcome, shows: answer)
  }

  @Test(arguments: layers)
  func `three megabytes arrive whole`(layer: [String]) throws {
    let line = String(repeating: "x", count: 99) + "\n"
    let outcome = try get(layer) { writer in
      try await writer.write("HTTP/1.0 200 OK\r\n\r\n")
      for _ in 0..<30_000 { try await writer.write(line) }
    }
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output.utf8.count == 19 + 3_000_000)
  }

  @Test(arguments: layers)
  func `the request names path and host, and nothing can be smuggled in`(layer: [String]) throws {
    let program = try BuiltProducts.executable("http-get")
    // Sends the request back as the body.
    let handler: Server.Handler = { reader, writer in
      let request = try await reader.read(until: Array("\r\n\r\n".utf8))
      try await writer.write("HTTP/1.0 200 OK\r\n\r\n")
      try await writer.write(request)
    }
    try withLoopbackServer(handler: handler) { port in
      let outcome = try PipedProgram.run(
        program, layer + ["http://127.0.0.1:\(port)/a b?c=\r\nX: y#part"])
      #expect(outcome.output.contains("\r\n\r\nGET /a%20b?c=%0D%0AX:%20y HTTP/1.1\r\n"))
      #expect(outcome.output.contains("\r\nHost: 127.0.0.1:\(port)\r\n"))
      #expect(outcome.ending == .exited(0))
    }
  }

  // MARK: What goes wrong

  @Test(arguments: layers)
  func `a refused connection is a sentence with the address, and 69`(layer: [String]) throws {
    let program = try BuiltProducts.executable("http-get")
    try withRefusingPort { port in
      let outcome = try PipedProgram.run(program, layer + ["127.0.0.1", "\(port)"])
      #expect(outcome.ending == .exited(69))
      #expect(outcome.output == "")
      #expect(outcome.error.hasPrefix("http-get: "))
      #expect(outcome.error.contains("127.0.0.1:\(port)"))
      #expect(outcome.error.contains("ECONNREFUSED"))
    }
  }

  @Test(arguments: layers)
  func `a host that no resolver knows is named, and 68`(layer: [String]) throws {
    let program = try BuiltProducts.executable("http-get")
    // An empty label: no question to the network.
    let outcome = try PipedProgram.run(program, layer + ["no..host"])
    #expect(outcome.ending == .exited(68))
    #expect(outcome.error.contains("no..host"))
  }

  @Test(arguments: layers)
  func `a server that never answers is given up, with 75`(layer: [String]) throws {
    let outcome = try get(layer + ["--timeout", "0.1"], keepingOpen: true) { _ in }
    #expect(outcome.ending == .exited(75))
    #expect(outcome.error.contains("no whole answer in 0.1 seconds"))
  }

  @Test(
    arguments: layers,
    [
      "", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
      "220 mail.example ready\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    ])
  func `an answer that is not HTTP, or not whole, is 76`(layer: [String], answer: String) throws {
    let outcome = try get(layer) { try await $0.write(answer) }
    #expect(outcome.ending == .exited(76))
    #expect(outcome.error.split(separator: "\n").count == 1)
  }

  @Test(
    arguments: [
      [], ["https://127.0.0.1/"], ["http://"], ["127.0.0.1:port"], ["127.0.0.1", "65536"],
      ["http://user@127.0.0.1/"], ["--timeout", "0", "127.0.0.1"], ["--timeout", "inf", "x"],
      ["::1:80"], ["127.0.0.1", "80", "/", "more"],
    ])
  func `arguments that cannot be meant are 64`(arguments: [String]) throws {
    let outcome = try PipedProgram.run(BuiltProducts.executable("http-get"), arguments)
    #expect(outcome.ending == .exited(64))
    #expect(outcome.error != "")
  }

  // MARK: Helpers

  /// Runs the program against a server that reads the request and then does as `answer` says.
  private func get(
    _ arguments: [String], keepingOpen: Bool = false,
    answer: @escaping @Sendable (StreamWriter) async throws -> Void
  ) throws -> PipedProgram.Outcome {
    let program = try BuiltProducts.executable("http-get")
    let handler: Server.Handler = { reader, writer in
      _ = try await reader.read(until: Array("\r\n\r\n".utf8))
      try await answer(writer)
      // Until the program has had enough.
      if keepingOpen { _ = try? await reader.readToEnd() }
    }
    return try withLoopbackServer(handler: handler) { port in
      try PipedProgram.run(program, arguments + ["127.0.0.1", "\(port)", "/page"])
    }
  }

  private func expect(
    _ outcome: PipedProgram.Outcome, shows answer: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.output == answer, sourceLocation: sourceLocation)
    #expect(outcome.error == "", sourceLocation: sourceLocation)
    #expect(outcome.ending == .exited(0), sourceLocation: sourceLocation)
  }
}
