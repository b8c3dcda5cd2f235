import StreamTestSupport
import Testing

@testable import Fluvial

/// Reads of a number of bytes, and reads to the end.
@Suite struct ReaderCountTests {
  // R05, X11
  @Test func `zero bytes are nothing at once, and nothing is taken`() throws {
    try onLoop {
      let empty = try FedReader()
      #expect(try await empty.reader.read(upTo: 0) == [])
      let full = try FedReader("abc")
      #expect(try await full.reader.read(upTo: 0) == [])
      #expect(try await full.reader.read(exactly: 0) == [])
      #expect(try await full.reader.peek(0) == [])
      #expect(full.reader.bufferedCount == 3)
      full.end()
      #expect(try await full.reader.read(upTo: 0) == [])
      #expect(try await full.reader.readToEnd().text == "abc")
      #expect(try await full.reader.read(upTo: 0) == [])
    }
  }

  // R06
  @Test func `a waiting read returns what arrives and does not wait for all it could take`() throws
  {
    try onLoop {
      let fed = try FedReader()
      async let got = fed.reader.read(upTo: 30)
      try await fed.reader.parked()
      fed.feed("eighteen bytes are")
      #expect(try await got.text == "eighteen bytes are")
    }
  }

  // R07
  @Test func `a read takes no more than it asked for`() throws {
    try onLoop {
      let fed = try FedReader("one\ntwo\r\nx")
      #expect(try await fed.reader.read(upTo: 5).text == "one\nt")
      #expect(try await fed.reader.read(upTo: 5).text == "wo\r\nx")
    }
  }

  // R08
  @Test func `the peer's end wakes a waiting read with nil, again and again`() throws {
    try onLoop {
      let fed = try FedReader()
      async let got = fed.reader.read(upTo: 30)
      try await fed.reader.parked()
      fed.end()
      #expect(try await got == nil)
      #expect(try await fed.reader.read(upTo: 30) == nil)
      #expect(try await fed.reader.readLine() == nil)
    }
  }

  // R09
  @Test func `a read to the end gets every chunk`() throws {
    try onLoop {
      let fed = try FedReader("first ")
      async let got = fed.reader.readToEnd()
      try await fed.reader.parked()
      fed.feed("second ")
      fed.feed("third")
      fed.end()
      #expect(try await got.text == "first second third")
      #expect(try await fed.reader.readToEnd().isEmpty)
    }
  }

  // R10
  @Test func `a read to the end is not held up by a limit of one byte`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (reader, writer) = try await openConnection(adopting: ours, limit: 1)
      let sent = pattern(1_000_000)
      async let got = reader.readToEnd()
      try await peer.sendAll(sent)
      peer.endSending()
      #expect(try await got == sent)
      writer.close()
    }
  }

  @Test func `a read to the end that finds too much says so and keeps it`() throws {
    try onLoop {
      let fed = try FedReader("12345")
      let error = try await streamError { try await fed.reader.readToEnd(limit: 4) }
      #expect(error.code == .limitOverrun)
      fed.end()
      #expect(try await fed.reader.readToEnd(limit: 5).text == "12345")
    }
  }

  // R11
  @Test(arguments: [0, -1, .min])
  func `a limit that is not positive is refused`(limit: Int) throws {
    try onLoop {
      let code = try await StreamError.code { try FedReader(limit: limit) }
      #expect(code == .invalidArgument)
    }
  }

  // R12
  @Test func `the limit governs separators and not counts`() throws {
    try onLoop {
      let fed = try FedReader("12345", limit: 3)
      #expect(try await fed.reader.peek(5).text == "12345")
      #expect(try await fed.reader.read(upTo: 5).text == "12345")
      fed.feed("54321")
      #expect(try await fed.reader.read(exactly: 5).text == "54321")
    }
  }

  // R12: over a transport that stops at its limit
  @Test func `an exact read of much more than the limit is fed in full`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (reader, writer) = try await openConnection(adopting: ours, limit: 3)
      let sent = pattern(600_000)
      // The transport has stopped at its limit before the read begins.
      async let sending: Void = peer.sendAll(sent)
      try await eventually("bytes are held") { reader.bufferedCount > 3 }
      await turns()
      #expect(try await reader.read(exactly: 600_000) == sent)
      try await sending
      writer.close()
    }
  }

  // R14, X11
  @Test(arguments: [-1, .min])
  func `a negative count is refused and takes nothing`(count: Int) throws {
    try onLoop {
      let fed = try FedReader("abc")
      #expect(
        try await StreamError.code { try await fed.reader.read(exactly: count) } == .invalidArgument
      )
      #expect(
        try await StreamError.code { try await fed.reader.read(upTo: count) } == .invalidArgument)
      #expect(try await StreamError.code { try await fed.reader.peek(count) } == .invalidArgument)
      #expect(
        try await StreamError.code { try await fed.reader.readToEnd(limit: count) }
          == .invalidArgument)
      #expect(
        try await StreamError.code { try await fed.reader.readLine(maxLength: count) }
          == .invalidArgument)
      #expect(try await fed.reader.read(upTo: 9).text == "abc")
    }
  }

  @Test func `an exact read that the end cuts short says what came`() throws {
    try onLoop {
      let fed = try FedReader("abc")
      fed.end()
      let error = try await streamError { try await fed.reader.read(exactly: 8) }
      #expect(error.code == .incompleteRead)
      #expect(error.partial.text == "abc")
      #expect(error.expected == 8)
      #expect(error.message == "The stream ended after 3 of 8 bytes.")
      #expect(try await fed.reader.read(upTo: 8) == nil)
    }
  }

  // R24
  @Test func `the end is reached only after the peer's end and the last byte`() throws {
    try onLoop {
      let fed = try FedReader("abcdef")
      #expect(!fed.reader.isAtEnd)
      _ = try await fed.reader.read(exactly: 6)
      #expect(!fed.reader.isAtEnd)
      fed.feed("g")
      fed.end()
      #expect(!fed.reader.isAtEnd)
      #expect(try await fed.reader.peek(3).text == "g")
      #expect(!fed.reader.isAtEnd)
      #expect(try await fed.reader.read(upTo: 9).text == "g")
      #expect(fed.reader.isAtEnd)
    }
  }

  @Test func `a read into an array appends at most so many bytes`() throws {
    try onLoop {
      let fed = try FedReader("abcdef")
      var target = bytes("> ")
      #expect(try await fed.reader.read(into: &target, upTo: 4) == 4)
      #expect(target.text == "> abcd")
      #expect(try await fed.reader.read(into: &target, upTo: 4) == 2)
      fed.end()
      #expect(try await fed.reader.read(into: &target, upTo: 0) == 0)
      #expect(try await fed.reader.read(into: &target, upTo: 4) == nil)
      #expect(target.text == "> abcdef")
    }
  }

  @Test func `a peek takes nothing and waits for its count`() throws {
    try onLoop {
      let fed = try FedReader("ab")
      async let seen = fed.reader.peek(4)
      try await fed.reader.parked()
      fed.feed("cdef")
      #expect(try await seen.text == "abcd")
      #expect(try await fed.reader.read(upTo: 9).text == "abcdef")
      fed.end()
      #expect(try await fed.reader.peek(4).isEmpty)
    }
  }

  @Test func `lent bytes are gone afterwards, also when the borrower throws`() throws {
    struct Refusal: Error {}
    try onLoop {
      let fed = try FedReader("abc")
      let count = try await fed.reader.withNextChunk { $0.count }
      #expect(count == 3)
      fed.feed("def")
      await #expect(throws: Refusal.self) {
        try await fed.reader.withNextChunk { _ in throw Refusal() }
      }
      fed.feed("ghi")
      #expect(try await fed.reader.read(upTo: 9).text == "ghi")
      fed.end()
      #expect(try await fed.reader.withNextChunk { $0.count } == nil)
    }
  }
}
