import StreamTestSupport
import Testing

@testable import Fluvial

/// Reads up to a separator.
@Suite struct ReaderSeparatorTests {
  // R16
  @Test func `the match that ends first wins`() throws {
    try onLoop {
      let returns = try FedReader("line\r\nnext\n")
      #expect(try await returns.reader.read(until: [[13], [10]]).text == "line\r")
      #expect(try await returns.reader.read(until: [[13], [10]]).text == "\n")
      #expect(try await returns.reader.read(until: [[13], [10]]).text == "next\n")
      // BCDE begins first, DEF would begin later and ends later still; in the other text DEF ends first.
      for separators in [["DEF", "BCDE"], ["BCDE", "DEF"]] {
        let overlapping = try FedReader("ABCDEFG")
        let record = try await overlapping.reader.read(until: separators.map(bytes))
        #expect(record.text == "ABCDE")
        let inside = try FedReader("ABCDE")
        #expect(
          try await inside.reader.read(until: (separators + ["CD"]).map(bytes)).text == "ABCD")
        let apart = try FedReader("A DEF BCDE")
        #expect(try await apart.reader.read(until: separators.map(bytes)).text == "A DEF")
      }
    }
  }

  // R16: split at every place
  @Test(arguments: 0...7)
  func `several separators are found wherever they are cut`(cut: Int) throws {
    try onLoop {
      let text = bytes("ABCDEFG")
      let fed = try FedReader()
      fed.feed(Array(text[..<cut]))
      async let record = fed.reader.read(until: [bytes("DEF"), bytes("BCDE")])
      if cut < 5 { try await fed.reader.parked() }
      fed.feed(Array(text[cut...]))
      #expect(try await record.text == "ABCDE")
    }
  }

  @Test func `of two matches that end together the limit counts from the longer`() throws {
    try onLoop {
      for separators in [["\n", "\r\n"], ["\r\n", "\n"]] {
        let fed = try FedReader("1234567\r\n")
        let record = try await fed.reader.read(until: separators.map(bytes), maxLength: 7)
        #expect(record.text == "1234567\r\n")
      }
    }
  }

  // R17
  @Test func `a long separator before a short one is found with few bytes there`() throws {
    try onLoop {
      for separators in [["x", "12345678"], ["12345678", "x"]] {
        let fed = try FedReader("abcd")
        async let record = fed.reader.read(until: separators.map(bytes))
        try await fed.reader.parked()
        fed.feed("1234")
        await turns(3)
        // Nothing after it that could end the wait in its place.
        fed.feed("5678")
        #expect(try await record.text == "abcd12345678")
        fed.feed("x")
        #expect(try await fed.reader.read(until: bytes("x")).text == "x")
      }
    }
  }

  @Test func `a separator that repeats itself is found at its first end`() throws {
    try onLoop {
      let fed = try FedReader()
      async let record = fed.reader.read(until: bytes("aab"))
      try await fed.reader.parked()
      fed.feedSingly("aaaab")
      #expect(try await record.text == "aaaab")
    }
  }

  // R18
  @Test func `no separator and an empty one are refused`() throws {
    try onLoop {
      let fed = try FedReader("abc")
      for separators in [[], [[]], [[10], []]] as [[[UInt8]]] {
        #expect(
          try await StreamError.code { try await fed.reader.read(until: separators) }
            == .invalidArgument)
      }
      #expect(
        try await StreamError.code { try await fed.reader.read(until: [UInt8]()) }
          == .invalidArgument)
      #expect(
        try await StreamError.code { try await fed.reader.skip(past: []) } == .invalidArgument)
      #expect(try await fed.reader.read(upTo: 9).text == "abc")
    }
  }

  // R19
  @Test func `the end inside a separator gives all bytes with the error`() throws {
    try onLoop {
      let fed = try FedReader("some data END")
      async let failure = streamError { try await fed.reader.read(until: bytes("ENDE")) }
      try await fed.reader.parked()
      fed.end()
      let error = try await failure
      #expect(error.code == .incompleteRead)
      #expect(error.partial.text == "some data END")
      #expect(error.expected == nil)
      #expect(fed.reader.isAtEnd)
    }
  }

  @Test func `skipping drops everything to the separator, and no more`() throws {
    try onLoop {
      let fed = try FedReader("garbage;good;")
      #expect(try await fed.reader.skip(past: bytes(";")))
      #expect(try await fed.reader.read(until: bytes(";")).text == "good;")
    }
  }

  @Test func `skipping is done with the separator, without a byte after it`() throws {
    try onLoop {
      let fed = try FedReader("gar")
      async let found = fed.reader.skip(past: bytes(";"))
      try await fed.reader.parked()
      fed.feed("bage;")
      #expect(try await found)
      let ended = try FedReader("garbage;")
      ended.end()
      #expect(try await ended.reader.skip(past: bytes(";")))
      #expect(try await ended.reader.read(upTo: 1) == nil)
    }
  }

  @Test func `skipping at the end of the stream says that nothing was found`() throws {
    try onLoop {
      let fed = try FedReader("garbage")
      fed.end()
      #expect(try await !fed.reader.skip(past: bytes(";")))
      #expect(try await fed.reader.readLine() == nil)
      #expect(try await fed.reader.read(upTo: 1) == nil)
      let waiting = try FedReader("garbage")
      async let found = waiting.reader.skip(past: bytes(";"))
      try await waiting.reader.parked()
      waiting.end()
      #expect(try await !found)
      #expect(try await waiting.reader.readToEnd().isEmpty)
    }
  }

  @Test func `a cancelled skip goes on before every later read, and when it is tried again`() throws
  {
    try onLoop {
      let fed = try FedReader("gar")
      for _ in 0..<3 {
        let task = start { try await fed.reader.skip(past: bytes("END")) }
        try await fed.reader.parked()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
      }
      fed.feed("bageEN")
      async let next = fed.reader.read(upTo: 9)
      try await fed.reader.parked()
      fed.feed("Drest")
      #expect(try await next.text == "rest")
    }
  }

  @Test func `a skip with another separator follows one that is still pending`() throws {
    try onLoop {
      let fed = try FedReader("gar")
      let task = start { try await fed.reader.skip(past: bytes("\n")) }
      try await fed.reader.parked()
      task.cancel()
      _ = await task.result
      async let found = fed.reader.skip(past: bytes(";"))
      try await fed.reader.parked()
      fed.feed("bage\nmore;rest")
      #expect(try await found)
      #expect(try await fed.reader.read(upTo: 9).text == "rest")
    }
  }
}
