import StreamTestSupport
import Testing

@testable import Fluvial

/// Errors, cancellation and timeouts, and two readers at once.
@Suite struct ReaderErrorTests {
  // R26
  @Test func `an error wakes the read that waits`() throws {
    try onLoop {
      let fed = try FedReader()
      async let failure = streamError { try await fed.reader.read(upTo: 1) }
      try await fed.reader.parked()
      fed.fail(.connectionReset)
      let error = try await failure
      #expect(error.code == .broken)
      #expect(error.cause == .connectionReset)
      // It stays so.
      #expect(try await StreamError.code { try await fed.reader.readLine() } == .broken)
    }
  }

  // R27
  @Test func `a wait that was cancelled is not resumed again by an error`() throws {
    try onLoop {
      for order in 0..<2 {
        let fed = try FedReader()
        let task = start { try await fed.reader.read(upTo: 1) }
        try await fed.reader.parked()
        if order == 0 { task.cancel() }
        fed.fail(.connectionReset)
        task.cancel()
        let result = await task.result
        if order == 0 {
          #expect(throws: CancellationError.self) { try result.get() }
        } else {
          #expect(throws: StreamError.self) { try result.get() }
        }
      }
    }
  }

  @Test func `what came before an error is read before it`() throws {
    try onLoop {
      let fed = try FedReader("one\ntwo\npart")
      fed.fail(.connectionReset)
      #expect(try await fed.reader.readLine() == "one")
      #expect(try await fed.reader.read(until: bytes("\n")).text == "two\n")
      // A part of a line is no line, because nobody knows how it went on; its bytes can still be had.
      #expect(try await StreamError.code { try await fed.reader.readLine() } == .broken)
      #expect(try await StreamError.code { try await fed.reader.read(exactly: 5) } == .broken)
      #expect(try await StreamError.code { try await fed.reader.readToEnd() } == .broken)
      #expect(!fed.reader.isAtEnd)
      #expect(try await fed.reader.read(upTo: 9).text == "part")
      #expect(try await StreamError.code { try await fed.reader.read(upTo: 9) } == .broken)
    }
  }

  @Test func `data that a peer sent before its reset is read before the error`() throws {
    try onLoop {
      let listener = try RawListener()
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: listener.port)
      let peer = try await listener.accept()
      try peer.send("last words\n")
      try await eventually("the words are here") { reader.bufferedCount == 11 }
      peer.reset()
      try await eventually("the reset is here") { writer.isClosing }
      #expect(try await reader.readLine() == "last words")
      let error = try await streamError { try await reader.readLine() }
      #expect(error.code == .broken)
      #expect(error.cause == .connectionReset)
      #expect(await writer.waitClosed() == .reset(.connectionReset))
    }
  }

  @Test func `every kind of read can be cancelled and loses nothing`() throws {
    typealias Read = @Sendable (StreamReader) async throws -> Void
    let reads: [(String, Read)] = [
      ("exactly", { _ = try await $0.read(exactly: 100) }),
      ("until", { _ = try await $0.read(until: bytes("END")) }),
      ("line", { _ = try await $0.readLine() }),
      ("line bytes", { _ = try await $0.readLineBytes() }),
      ("to end", { _ = try await $0.readToEnd() }),
      ("to end, limited", { _ = try await $0.readToEnd(limit: 1000) }),
      ("peek", { _ = try await $0.peek(100) }),
    ]
    try onLoop {
      let fed = try FedReader("begun ")
      for (name, read) in reads {
        let task = start { try await read(fed.reader) }
        try await fed.reader.parked()
        fed.feed("\(name) ")
        task.cancel()
        await #expect(throws: CancellationError.self, "\(name)") { try await task.value }
      }
      fed.end()
      let all = try await fed.reader.readToEnd()
      #expect(all.text == "begun " + reads.map { "\($0.0) " }.joined())
    }
  }

  @Test func `a read that is cancelled before it waits takes nothing`() throws {
    try onLoop {
      let fed = try FedReader()
      let task = start {
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        return try await fed.reader.read(upTo: 9)
      }
      await #expect(throws: CancellationError.self) { try await task.value }
      fed.feed("abc")
      #expect(try await fed.reader.read(upTo: 9).text == "abc")
    }
  }

  @Test func `a read that timed out a hundred times in a row then delivers`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (reader, writer) = try await openConnection(adopting: ours)
      try peer.send("beg")
      for _ in 0..<100 {
        await #expect(throws: TimeoutError.self) {
          try await withTimeout(.microseconds(100)) { try await reader.readLine() }
        }
      }
      try peer.send("un\n")
      #expect(try await reader.readLine() == "begun")
      writer.close()
    }
  }

  @Test func `a second reader is refused while the first waits, and the first goes on`() throws {
    try onLoop {
      let fed = try FedReader()
      async let first = fed.reader.read(exactly: 4)
      try await fed.reader.parked()
      #expect(try await StreamError.code { try await fed.reader.read(upTo: 1) } == .busy)
      #expect(try await StreamError.code { try await fed.reader.readLine() } == .busy)
      fed.feed("ab")
      #expect(try await StreamError.code { try await fed.reader.peek(1) } == .busy)
      #expect(
        try await StreamError.code { try await fed.reader.withNextChunk { $0.count } } == .busy)
      fed.feed("cd")
      #expect(try await first.text == "abcd")
      fed.feed("e")
      #expect(try await fed.reader.read(upTo: 1).text == "e")
    }
  }

  @Test func `own close wakes the reader with closed, never with the end`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (reader, writer) = try await openConnection(adopting: ours)
      async let failure = StreamError.code { try await reader.read(upTo: 1) }
      try await reader.parked()
      writer.close()
      #expect(try await failure == .closed)
      #expect(try await StreamError.code { try await reader.readToEnd() } == .closed)
      peer.close()
    }
  }

  @Test func `the loop's end is no end of the stream`() throws {
    let (reader, peer) = try EventLoop.run {
      let (ours, peer) = try RawSocket.pair()
      let (reader, _) = try await openConnection(adopting: ours)
      // Open until the loop has ended: the peer has not finished.
      return (reader, peer)
    }
    try onLoop {
      let code = try await StreamError.code { try await reader.read(upTo: 1) }
      #expect(code == .closed)
    }
    peer.close()
  }
}
