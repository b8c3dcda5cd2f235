import Fluvial
import FluvialTerminal
import TestSupport
import Testing

@testable import Snippets

/// What the documentation shows does what it says there.
@Suite struct SnippetTests {
  @Test func `a netstring may be cut at every byte`() throws {
    let bytes = Array("5:hello,0:,12:hello, world,".utf8)
    for cut in bytes.indices {
      var parser = NetstringParser(longest: 100)
      var found: [String] = []
      for part in [bytes[..<cut], bytes[cut...]] {
        try parser.feed(Array(part).span) { found.append(String(decoding: $0, as: UTF8.self)) }
      }
      #expect(found == ["hello", "", "hello, world"])
    }
  }

  @Test(arguments: ["5:hello.", "x:", "101:", "99999999999999999999:", "0123456789", "-1:,"])
  func `what is no netstring is refused`(text: String) {
    var parser = NetstringParser(longest: 100)
    #expect(throws: NetstringParser.Malformed.self) {
      try parser.feed(Array(text.utf8).span) { _ in }
    }
  }

  @Test func `one protocol asks, the other answers, and bad bytes end one connection only`() throws
  {
    try EventLoop.run {
      guard let loop = EventLoop.current else { return }
      let address = try SocketAddress(number: "127.0.0.1", port: 0)
      let listener = try await loop.createServer(on: address) { NetstringEcho() }
      defer { listener.value.close() }
      let port = listener.value.address.port
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
      try await writer.write("no netstring")
      do { #expect(try await reader.readToEnd() == []) } catch let error as StreamError {
        #expect(error.cause == .connectionReset)
      }
      writer.abort()
      let question = String(repeating: "a long question ", count: 4000)
      #expect(try await askByNetstring(question, host: "127.0.0.1", port: port) == question)
    }
  }

  @Test func `a question is answered, with a time-out and without`() throws {
    try EventLoop.run { () async throws -> Void in
      try await withServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await copy(reader, to: writer)
      } _: { (server) async throws -> Void in
        let port = server.localAddresses[0].port
        #expect(try await ask(host: "127.0.0.1", port: port) == "hello")
        #expect(try await askWithinASecond(host: "127.0.0.1", port: port) == "hello")
      }
    }
  }

  @Test func `a task from elsewhere moves over to the loop and back`() async throws {
    try await withServer(host: "127.0.0.1", port: 0) { _, writer in
      try await writer.writeLine("hello")
    } _: { (server) async throws -> Void in
      let port = server.localAddresses[0].port
      #expect(try await firstLine(host: "127.0.0.1", port: port) == "hello")
    }
  }

  @Test func `lines that were reported have arrived`() throws {
    try EventLoop.run {
      let (lines, arrived) = AsyncStream.makeStream(of: String.self)
      try await withServer(host: "127.0.0.1", port: 0) { reader, _ in
        for try await line in reader.lines { arrived.yield(line) }
        arrived.finish()
      } _: { (server) async throws -> Void in
        let reason = try await report(
          to: "127.0.0.1", port: server.localAddresses[0].port, lines: ["one", "two"])
        #expect(reason == .finished)
        var seen: [String] = []
        for await line in lines { seen.append(line) }
        #expect(seen == ["one", "two"])
      }
    }
  }

  @Test func `words are counted by another program`() throws {
    #expect(try EventLoop.run { try await wordCount(of: "three words here") }.contains("3"))
  }

  @Test func `the largest prime is found elsewhere`() throws {
    #expect(try EventLoop.run { await largestPrime(below: 100) } == 97)
    #expect(try EventLoop.run { await largestPrime(below: 0) } == nil)
  }

  @Test func `a greeting in memory, over a bad line, and in any order`() throws {
    #expect(try EventLoop.run { try await greetingInMemory() } == "hello ann")
    for seed: UInt64 in 1...20 {
      #expect(try EventLoop.run { try await greetingOverABadLine(seed: seed) } == "hello ann")
      #expect(try greetingInAnyOrder(seed: seed) == "hello ann")
    }
  }

  @Test func `keys become lines`() {
    var decoder = KeyDecoder()
    var editor = LineEditor()
    var screen = PromptScreen(size: TerminalSize(columns: 40, rows: 5))
    screen.start()
    let lines = edit(
      Array("helo\u{1b}[Dl\r".utf8), at: .zero, with: &decoder, &editor, on: &screen)
    #expect(lines == ["hello"])
    #expect(line(from: "\u{1b}[2J", saying: "hi").plain == "<^[[2J> hi")
  }
}
