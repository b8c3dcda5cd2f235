import ChatWire
import Testing

@Suite struct EncodedLineTests {
  @Test func `the time is for those who asked for it`() {
    let line = EncodedLine(.notice("hi"), unixTime: 1_700_000_000)
    #expect(line.bytes(for: []) == Array("* hi\n".utf8))
    #expect(line.bytes(for: [.time, .ping]) == Array("@1700000000 * hi\n".utf8))
  }

  @Test func `a line that cleaning made too long is cut at the limit`() {
    let text = String(repeating: "\u{0}", count: 2_048)
    let line = EncodedLine(.message(from: "ann", text: text), unixTime: 1_700_000_000)
    #expect((4_090...4_097).contains(line.stamped.count))
    #expect(String(validating: line.stamped, as: UTF8.self)?.last == "\n")
  }

  @Test func `the longest honest line is never cut`() {
    let text = String(repeating: "x", count: 2_048)
    let line = EncodedLine(
      .message(from: String(repeating: "n", count: 64), text: text), unixTime: 1)
    #expect(line.plain.count == 64 + 3 + 2_048 + 1)
  }
}
