import ChatWire
import Testing

@Suite struct ServerLineTests {
  @Test func `the first character tells the kind`() {
    #expect(ServerLine(parsing: "* ann joined") == .notice("ann joined"))
    #expect(ServerLine(parsing: "<bob> hi * there") == .message(from: "bob", text: "hi * there"))
    #expect(ServerLine(parsing: "-bob- psst") == .privateMessage(from: "bob", text: "psst"))
    #expect(ServerLine(parsing: "-> bob: psst") == .privateCopy(to: "bob", text: "psst"))
    #expect(ServerLine(parsing: "! 413 too long") == .error(WireError(.lineTooLong, "too long")))
    #expect(ServerLine(parsing: "PING 17") == .ping("17"))
    #expect(ServerLine(parsing: "PONG a b") == .pong("a b"))
    #expect(ServerLine(parsing: "PONG") == .pong(""))
  }

  @Test func `signs inside a name do not end it`() {
    #expect(ServerLine(parsing: "-a-b-- x") == .privateMessage(from: "a-b-", text: "x"))
    #expect(ServerLine(parsing: "-> a-b: x: y") == .privateCopy(to: "a-b", text: "x: y"))
  }

  @Test(arguments: [
    "", " ", "*", "hello", "<>", "<> x", "<bob>", "<bob>x", "< bob> x", "-- x", "-> x", "-> : x",
    "! x", "! 1 x", "! 12345 x", "! +13 x", "! 4１3 x", "PINGx", "@12", "@ * x", "@-1 * x",
    "@1x * x", "@1234567890123 * x", "@99999999999999999999999999 * x",
  ])
  func `anything else is unknown and kept`(_ line: String) {
    #expect(StampedLine(parsing: Array(line.utf8)) == StampedLine(.unknown(line)))
  }

  @Test func `a time before the line is read`() {
    let line = StampedLine(parsing: Array("@1700000000 <bob> hi\r".utf8))
    #expect(line == StampedLine(.message(from: "bob", text: "hi"), unixTime: 1_700_000_000))
    #expect(StampedLine(parsing: Array("@999999999999 * x".utf8)).unixTime == 999_999_999_999)
  }

  @Test func `a second time is not a time`() {
    #expect(StampedLine(parsing: Array("@1 @2 * x".utf8)).line == .unknown("@2 * x"))
  }

  @Test func `invalid UTF-8 from a server is repaired`() {
    #expect(StampedLine(parsing: [0x2A, 0x20, 0xFF]).line == .notice("\u{FFFD}"))
  }

  @Test func `a user cannot imitate a notice`() {
    let forged = ServerLine.message(from: "eve", text: "x\n* bob left (quit)").formatted
    #expect(forged == "<eve> x\u{FFFD}* bob left (quit)")
  }

  @Test func `formatting and parsing are inverse`() {
    for seed in UInt64(0)..<2_000 {
      var random = SeededGenerator(seed: seed)
      let text = random.hostileText().cleaned
      let code = WireError.Code(rawValue: Int.random(in: 100...999, using: &random))
      let lines: [ServerLine] = [
        .notice(text), .message(from: "ann", text: text), .privateMessage(from: "a-", text: text),
        .privateCopy(to: "山", text: text), .error(WireError(code, text)), .ping(text), .pong(text),
      ]
      for line in lines {
        #expect(ServerLine(parsing: line.formatted) == line, "seed \(seed)")
        let encoded = EncodedLine(line, unixTime: 17)
        #expect(StampedLine(parsing: encoded.plain.dropLast()) == StampedLine(line), "seed \(seed)")
        let stamped = StampedLine(parsing: encoded.stamped.dropLast())
        #expect(stamped == StampedLine(line, unixTime: 17), "seed \(seed)")
      }
    }
  }

  @Test func `random bytes never trap, and the form of what was read has no control`() {
    for seed in UInt64(0)..<5_000 {
      var random = SeededGenerator(seed: seed)
      let line = StampedLine(parsing: random.hostileBytes()).line
      #expect(!line.formatted.unicodeScalars.contains(where: isControl), "seed \(seed)")
      // What was read and is sent on means the same to the next reader.
      let again = ServerLine(parsing: line.formatted)
      #expect(again.kind == line.kind, "seed \(seed): \(line)")
      #expect(again.formatted == line.formatted, "seed \(seed): \(line)")
    }
  }

  @Test(arguments: ["PONG\t", "PING\t", "*\tx", "!\t413 x", "! 413\tx", "<bob>\tx", "->\tbob: x"])
  func `a tab is a space also where a line is taken apart`(_ line: String) {
    let read = ServerLine(parsing: line)
    #expect(read.kind != "unknown")
    #expect(ServerLine(parsing: read.formatted).formatted == read.formatted)
  }
}

extension ServerLine {
  /// The name of the case.
  fileprivate var kind: Substring { "\(self)".prefix { $0 != "(" } }
}

extension StampedLine {
  fileprivate init(parsing bytes: ArraySlice<UInt8>) { self.init(parsing: Array(bytes)) }
}
