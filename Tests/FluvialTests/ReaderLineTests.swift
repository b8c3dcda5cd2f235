import Glibc
import StreamTestSupport
import Testing

@testable import Fluvial

/// Lines.
@Suite struct ReaderLineTests {
  // R02
  @Test func `of three buffered lines the first is read, and nothing is waited for`() throws {
    try onLoop {
      let fed = try FedReader("one\ntwo\nthree\n")
      #expect(try await fed.reader.readLine() == "one")
      #expect(!fed.reader.isParked)
      #expect(fed.reader.bufferedCount == 10)
    }
  }

  // R04
  @Test func `a line and a count are read from the same buffer`() throws {
    try onLoop {
      let fed = try FedReader("line\nseven b rest")
      #expect(try await fed.reader.readLine() == "line")
      #expect(try await fed.reader.read(upTo: 7).text == "seven b")
      #expect(try await fed.reader.read(upTo: 99).text == " rest")
    }
  }

  // R33
  @Test(arguments: [1, 2, 3, 7])
  func `LF and CRLF both end a line and are dropped, wherever they are cut`(size: Int) throws {
    try onLoop {
      let text = bytes("dave\r\n\r\neve\n\na\rb\r\nlast\r\r\n")
      let fed = try FedReader()
      for start in stride(from: 0, to: text.count, by: size) {
        fed.feed(Array(text[start..<min(start + size, text.count)]))
      }
      fed.end()
      var lines: [String] = []
      for try await line in fed.reader.lines { lines.append(line) }
      #expect(lines == ["dave", "", "eve", "", "a\rb", "last\r"])
    }
  }

  @Test func `a CR whose LF arrives later is part of the terminator`() throws {
    try onLoop {
      let fed = try FedReader("dave\r")
      async let line = fed.reader.readLine()
      try await fed.reader.parked()
      fed.feed("\nnext\n")
      #expect(try await line == "dave")
      #expect(try await fed.reader.readLine() == "next")
    }
  }

  @Test func `a last line without a terminator is returned, then the end`() throws {
    try onLoop {
      let fed = try FedReader("one\ntwo")
      fed.end()
      #expect(try await fed.reader.readLine() == "one")
      #expect(try await fed.reader.readLine() == "two")
      #expect(try await fed.reader.readLine() == nil)
    }
  }

  @Test func `a line that is no UTF-8 is told, consumed, and the next one read`() throws {
    try onLoop {
      let fed = try FedReader()
      fed.feed([0xC3, 0x28, 0x0A] + bytes("good\n") + [0xFF])
      let error = try await streamError { try await fed.reader.readLine() }
      #expect(error.code == .invalidUTF8)
      #expect(error.partial == [0xC3, 0x28, 0x0A])
      #expect(try await fed.reader.readLine() == "good")
      fed.end()
      #expect(try await StreamError.code { try await fed.reader.readLine() } == .invalidUTF8)
      #expect(try await fed.reader.readLine() == nil)
    }
  }

  @Test func `a line's bytes are given whatever they are`() throws {
    try onLoop {
      let fed = try FedReader()
      fed.feed([0xC3, 0x28, 0x0D, 0x0A])
      #expect(try await fed.reader.readLineBytes() == [0xC3, 0x28])
    }
  }

  // R31
  @Test func `leaving the lines and iterating again goes on with the next line`() throws {
    try onLoop {
      let fed = try FedReader("one\ntwo\nthree\nfour")
      fed.end()
      for try await line in fed.reader.lines {
        #expect(line == "one")
        break
      }
      for try await line in fed.reader.lines {
        #expect(line == "two")
        break
      }
      var rest: [String] = []
      for try await line in fed.reader.lines { rest.append(line) }
      #expect(rest == ["three", "four"])
      // The end does not trap either, nor does a third iteration.
      for try await _ in fed.reader.lines { Issue.record("there is no line left") }
    }
  }

  @Test func `an iteration that threw can be begun again`() throws {
    try onLoop {
      let fed = try FedReader("12345678\nshort\n", limit: 7)
      fed.end()
      await #expect(throws: StreamError.self) { for try await _ in fed.reader.lines {} }
      var lines: [String] = []
      for try await line in fed.reader.lines { lines.append(line) }
      #expect(lines == ["short"])
    }
  }

  @Test func `chunks are a view too`() throws {
    try onLoop {
      let fed = try FedReader("abc")
      for try await chunk in fed.reader.chunks {
        #expect(chunk.text == "abc")
        break
      }
      fed.feed("def")
      fed.end()
      var all: [UInt8] = []
      for try await chunk in fed.reader.chunks { all += chunk }
      #expect(all.text == "def")
    }
  }

  @Test func `one byte at a time a line of 64 KiB costs time in proportion to its length`() throws {
    // Twice the length in about twice the time; a search from the start each time would take four times as long, and
    // the bound leaves room for a busy machine.
    let single = try Self.timeToRead(32 * 1024)
    let double = try Self.timeToRead(64 * 1024)
    #expect(double < single * 3 + .milliseconds(100), "\(single) for half of \(double)")
    #expect(double < .seconds(5))
  }

  /// What this thread has used of its processor: a busy machine takes no part in that.
  private static func usedTime() -> Duration {
    var used = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used)
    return .seconds(used.tv_sec) + .nanoseconds(used.tv_nsec)
  }

  private static func timeToRead(_ length: Int) throws -> Duration {
    try onLoop {
      var best = Duration.seconds(100)
      for _ in 0..<3 {
        let fed = try FedReader(limit: length)
        let start = usedTime()
        async let line = fed.reader.readLineBytes()
        try await fed.reader.parked()
        for _ in 0..<length { fed.feed([97]) }
        fed.feed([10])
        #expect(try await line?.count == length)
        best = min(best, usedTime() - start)
      }
      return best
    }
  }

  @Test func `a byte that is no UTF-8 is seen wherever it stands`() {
    for length in 1...100 {
      var bytes = [UInt8](repeating: 97, count: length)
      #expect(unsafe bytes.withUnsafeBufferPointer { unsafe String(utf8: $0) } != nil)
      for place in 0..<length {
        bytes[place] = 0xFF
        let text = unsafe bytes.withUnsafeBufferPointer { unsafe String(utf8: $0) }
        #expect(text == nil, "at \(place) of \(length)")
        bytes[place] = 97
      }
    }
  }
}
