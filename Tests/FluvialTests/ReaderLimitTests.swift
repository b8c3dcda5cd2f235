import StreamTestSupport
import Testing

@testable import Fluvial

/// Records that are too long, what is left of them, and what is held.
@Suite struct ReaderLimitTests {
  // R20
  @Test(arguments: [1, 3, 9])
  func `the limit counts the bytes before the separator, itself included`(size: Int) throws {
    try onLoop {
      let fits = try FedReader(limit: 7)
      let passes = start { try await fits.reader.readLine() }
      for piece in "1234567\n".pieces(of: size) { fits.feed(piece) }
      #expect(try await passes.value == "1234567")
      let over = try FedReader(limit: 7)
      let fails = start { try await over.reader.readLine() }
      for piece in "12345678\n".pieces(of: size) { over.feed(piece) }
      let error = try await streamError { try await fails.value }
      #expect(error.code == .limitOverrun)
      #expect(error.scanned >= 8)
    }
  }

  // R20: a CRLF is no part of the line either
  @Test func `a line of the limit's length may end with CRLF`() throws {
    try onLoop {
      let fed = try FedReader(limit: 7)
      let line = start { try await fed.reader.readLine() }
      for piece in "1234567\r\n".pieces(of: 1) {
        fed.feed(piece)
        await turns(2)
      }
      #expect(try await line.value == "1234567")
      fed.feed("1234567\r")
      fed.end()
      // Without its LF the CR is text, and one byte too many.
      #expect(try await StreamError.code { try await fed.reader.readLine() } == .limitOverrun)
      #expect(try await fed.reader.readLine() == nil)
    }
  }

  @Test func `a limit given with the read goes before the reader's own, both ways`() throws {
    try onLoop {
      let fed = try FedReader("1234567890\n12\n", limit: 7)
      #expect(try await fed.reader.readLine(maxLength: 10) == "1234567890")
      #expect(
        try await StreamError.code { try await fed.reader.readLine(maxLength: 1) } == .limitOverrun)
      fed.feed("\nx")
      #expect(try await fed.reader.readLine(maxLength: 0) == "")
      #expect(
        try await StreamError.code { try await fed.reader.readLine(maxLength: 0) } == .limitOverrun)
    }
  }

  @Test func `a limit as large as can be does not overflow`() throws {
    try onLoop {
      let fed = try FedReader("ab")
      async let line = fed.reader.readLine(maxLength: .max)
      try await fed.reader.parked()
      fed.feed("c\n")
      #expect(try await line == "abc")
      fed.feed("d")
      fed.end()
      #expect(
        try await StreamError.code { try await fed.reader.read(exactly: .max) } == .incompleteRead)
    }
  }

  // R22
  @Test func `a kept record is told how much was scanned, and can be read by other means`() throws {
    try onLoop {
      let fed = try FedReader("12345678;rest;", limit: 7)
      let found = try await streamError {
        try await fed.reader.read(until: bytes(";"), overrun: .keep)
      }
      #expect(found.code == .limitOverrun)
      #expect(found.scanned == 8)
      #expect(fed.reader.bufferedCount == 14)
      #expect(try await fed.reader.read(exactly: found.scanned).text == "12345678")
      #expect(try await fed.reader.read(until: bytes(";")).text == ";")
      #expect(try await fed.reader.read(until: bytes(";")).text == "rest;")

      let unfinished = try FedReader("1234567890", limit: 7)
      let error = try await streamError {
        try await unfinished.reader.read(until: bytes(";"), overrun: .keep)
      }
      #expect(error.code == .limitOverrun)
      #expect(error.scanned == 10)
      #expect(try await unfinished.reader.read(upTo: 99).text == "1234567890")
    }
  }

  // R23
  @Test func `of an over-long line with its terminator only that line is dropped`() throws {
    try onLoop {
      let fed = try FedReader("123456789\nnext\n", limit: 7)
      #expect(try await StreamError.code { try await fed.reader.readLine() } == .limitOverrun)
      #expect(try await fed.reader.readLine() == "next")
    }
  }

  @Test func `the tail of an over-long line is never a line of its own`() throws {
    try onLoop {
      let fed = try FedReader("123456789", limit: 7)
      #expect(try await StreamError.code { try await fed.reader.readLine() } == .limitOverrun)
      async let next = fed.reader.readLine()
      try await fed.reader.parked()
      fed.feed("DELETE ALL")
      await turns(3)
      fed.feed(" NOW\nnext\n")
      #expect(try await next == "next")
    }
  }

  @Test(arguments: [1, 2, 3, 5])
  func `whatever reads next, it gets nothing of the record that was too long`(size: Int) throws {
    typealias Read = @Sendable (StreamReader) async throws -> [UInt8]?
    let reads: [Read] = [
      { try await $0.read(upTo: 4) },
      { try await $0.read(exactly: 4) },
      { try await $0.peek(4) },
      { try await $0.read(until: bytes("END"), maxLength: 9) },
      { try await $0.withNextChunk { unsafe $0.withUnsafeBufferPointer { unsafe Array($0) } } },
      {
        var target: [UInt8] = []
        return try await $0.read(into: &target, upTo: 4).map { _ in target }
      },
      { try await $0.chunks.next() },
      { try await $0.readLineBytes() },
    ]
    try onLoop {
      for read in reads {
        let fed = try FedReader(limit: 7)
        fed.feed("12345678901")
        let overrun = try await StreamError.code { try await fed.reader.read(until: bytes("END")) }
        #expect(overrun == .limitOverrun)
        let next = start { try await read(fed.reader) }
        // The separator is cut, and its beginnings before it are false ones.
        for piece in "tailENtEEEND".pieces(of: size) {
          fed.feed(piece)
          await turns(3)
        }
        fed.feed("goodEND\n")
        let got = try await next.value.text
        #expect(got?.hasPrefix("good") == true, "\(got ?? "nil")")
      }
    }
  }

  @Test func `when the stream ends inside an over-long record, nothing of it is read`() throws {
    try onLoop {
      let fed = try FedReader("12345678901EN", limit: 7)
      let overrun = try await StreamError.code { try await fed.reader.read(until: bytes("END")) }
      #expect(overrun == .limitOverrun)
      fed.end()
      #expect(try await fed.reader.read(upTo: 9) == nil)
      let broken = try FedReader("12345678901EN", limit: 7)
      _ = try await StreamError.code { try await broken.reader.read(until: bytes("END")) }
      broken.fail(.connectionReset)
      #expect(try await StreamError.code { try await broken.reader.read(upTo: 9) } == .broken)
    }
  }

  // R32
  @Test func `of what nobody reads no more is held than the limit and one chunk`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (reader, writer) = try await openConnection(adopting: ours, limit: 10_000)
      let sent = try await peer.sendUntilBlocked(most: 100_000_000)
      #expect(sent < 10_000_000, "the peer's send never blocked")
      #expect(reader.bufferedCount <= 10_000 + 256 * 1024)
      #expect(reader.bufferedCount > 0)
      // Everything is there once somebody reads.
      peer.endSending()
      #expect(try await reader.readToEnd().count == sent)
      writer.close()
    }
  }
}

extension String {
  fileprivate func pieces(of size: Int) -> [String] {
    var rest = self[...]
    var pieces: [String] = []
    while !rest.isEmpty {
      pieces.append(String(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return pieces
  }
}
