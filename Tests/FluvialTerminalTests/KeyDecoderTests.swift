import FluvialTerminal
import Testing

/// Feeds all of `bytes` at once and then the end of the input.
private func decode(_ bytes: some Sequence<UInt8>) -> [KeyEvent] {
  var decoder = KeyDecoder()
  return decoder.feed(bytes, now: .zero) + decoder.finish()
}

private func decode(_ text: String) -> [KeyEvent] { decode(text.utf8) }

@Suite struct KeyDecoderTests {
  @Test(arguments: [
    ("\u{1B}[A", KeyEvent.key(.up)), ("\u{1B}OA", .key(.up)), ("\u{1B}[B", .key(.down)),
    ("\u{1B}OB", .key(.down)), ("\u{1B}[C", .key(.right)), ("\u{1B}OC", .key(.right)),
    ("\u{1B}[D", .key(.left)), ("\u{1B}OD", .key(.left)), ("\u{1B}[H", .key(.home)),
    ("\u{1B}OH", .key(.home)), ("\u{1B}[1~", .key(.home)), ("\u{1B}[7~", .key(.home)),
    ("\u{1B}[F", .key(.end)), ("\u{1B}OF", .key(.end)), ("\u{1B}[4~", .key(.end)),
    ("\u{1B}[8~", .key(.end)), ("\u{1B}[2~", .key(.insert)), ("\u{1B}[3~", .key(.delete)),
    ("\u{1B}[5~", .key(.pageUp)), ("\u{1B}[6~", .key(.pageDown)),
    ("\u{1B}[1;5D", .key(.left, .control)), ("\u{1B}[1;3D", .key(.left, .alt)),
    ("\u{1B}[1;2C", .key(.right, .shift)), ("\u{1B}[1;6A", .key(.up, [.shift, .control])),
    ("\u{1B}[3;5~", .key(.delete, .control)), ("\u{1B}[7^", .key(.home, .control)),
    ("\u{1B}[d", .key(.left, .shift)), ("\u{1B}Od", .key(.left, .control)),
    ("\u{7F}", .key(.backspace)), ("\u{8}", .key(.backspace)), ("\t", .key(.tab)),
    ("\u{1B}[Z", .key(.tab, .shift)), ("\r", .key(.enter)), ("\n", .key(.character("j"), .control)),
    ("\u{1}", .key(.character("a"), .control)), ("\u{1A}", .key(.character("z"), .control)),
    ("\0", .key(.character(" "), .control)), ("\u{1F}", .key(.character("_"), .control)),
    ("\u{1B}x", .key(.character("x"), .alt)), ("\u{1B}X\u{1B}", .unknown([0x1B, 0x58, 0x1B])),
    ("\u{1B}é", .key(.character("é"), .alt)), ("\u{1B}\u{7F}", .key(.backspace, .alt)),
    ("\u{1B}\r", .key(.enter, .alt)), ("\u{1B}OP", .key(.function(1))),
    ("\u{1B}[[E", .key(.function(5))), ("\u{1B}[11~", .key(.function(1))),
    ("\u{1B}[15~", .key(.function(5))), ("\u{1B}[17~", .key(.function(6))),
    ("\u{1B}[21~", .key(.function(10))), ("\u{1B}[24~", .key(.function(12))),
    ("\u{1B}[34~", .key(.function(20))), ("\u{1B}[1;2R", .key(.function(3), .shift)),
    ("\u{1B}OM", .key(.enter)), ("\u{1B}Op", .text("0")), ("\u{1B}O5A", .key(.up, .control)),
  ]) func `every encoding of a key is the same key`(_ sample: (bytes: String, event: KeyEvent)) {
    #expect(decode(sample.bytes) == [sample.event])
  }

  @Test(arguments: [
    ("\u{1B}[99;5u", KeyEvent.key(.character("c"), .control)), ("\u{1B}[97u", .text("a")),
    ("\u{1B}[97;2u", .text("A")), ("\u{1B}[49:33;2u", .text("!")), ("\u{1B}[97;1;228u", .text("ä")),
    ("\u{1B}[27u", .key(.escape)), ("\u{1B}[13;2u", .key(.enter, .shift)),
    ("\u{1B}[127;3u", .key(.backspace, .alt)), ("\u{1B}[9;1:1u", .key(.tab)),
    ("\u{1B}[57419;5u", .key(.up, .control)), ("\u{1B}[57404u", .text("5")),
    ("\u{1B}[57414u", .key(.enter)), ("\u{1B}[57415u", .text("=")),
    ("\u{1B}[57376u", .key(.function(13))),
    ("\u{1B}[27;5;99~", .key(.character("c"), .control)),
    ("\u{1B}[99;69u", .key(.character("c"), .control)),
  ]) func `keys by code point are understood`(_ sample: (bytes: String, event: KeyEvent)) {
    #expect(decode(sample.bytes) == [sample.event])
  }

  @Test(arguments: [
    "\u{1B}[97;1:3u", "\u{1B}[7u", "\u{1B}[1114112u", "\u{1B}[55296u", "\u{1B}[57358u", "\u{1B}[u",
    "\u{1B}[<64;65;42M", "\u{1B}[M !!", "\u{1B}[201~", "\u{1B}[99~", "\u{1B}[?2026;2$y",
    "\u{1B}[1 A",
    "\u{1B}[1 2A", "\u{1B}[[Q", "\u{1B}[9A", "\u{1B}]11;rgb:0/0/0\u{7}", "\u{1B}]52;c;aGk=\u{1B}\\",
    "\u{1B}P1$r0m\u{1B}\\", "\u{1B}_Gi=1\u{1B}\\", "\u{1B}^pm\u{1B}\\", "\u{1B}Xsos\u{1B}\\",
    "\u{1B}[1;2;", "\u{1B}OZ", "\u{1B}[1;5\u{18}", "\u{1B}[1;5\u{1A}", "\u{1B}\u{18}",
    "\u{1B}[99999999999999999999;99999999999999999999~", "\u{1B}[;;;;;;~",
  ]) func `an unknown sequence is swallowed whole`(_ sequence: String) {
    #expect(decode(sequence) == [.unknown(Array(sequence.utf8))])
    #expect(decode(sequence + "\u{1B}[A").last == .key(.up))
  }

  @Test func `replies are not keys`() {
    #expect(decode("\u{1B}[12;40R") == [.reply(.cursorPosition(row: 12, column: 40))])
    #expect(decode("\u{1B}[?62;22c") == [.reply(.deviceAttributes([62, 22]))])
    #expect(decode("\u{1B}[I\u{1B}[O") == [.reply(.focus(true)), .reply(.focus(false))])
  }

  @Test func `text that arrives together is one event`() {
    #expect(decode("héllo 漢 👨‍👩‍👧") == [.text("héllo 漢 👨‍👩‍👧")])
    #expect(decode("ab\rcd") == [.text("ab"), .key(.enter), .text("cd")])
    #expect(decode("") == [])
  }

  @Test func `each longest invalid part of UTF-8 is one U+FFFD`() {
    #expect(decode([0x61, 0x9B, 0x62]) == [.text("a\u{FFFD}b")])
    #expect(decode([0xC0, 0xAF]) == [.text("\u{FFFD}\u{FFFD}")])
    #expect(decode([0xF0, 0x9F, 0x98, 0x0D]) == [.text("\u{FFFD}"), .key(.enter)])
    #expect(decode([0xE2, 0x82]) == [.text("\u{FFFD}")])
    #expect(decode([0x1B, 0xC3, 0x61]) == [.text("\u{FFFD}a")])
    #expect(decode([0x1B, 0xC3]) == [.text("\u{FFFD}")])
    #expect(decode([0x1B, 0xFF]) == [.text("\u{FFFD}")])
    #expect(decode([0xC2, 0x85]) == [.text("\u{FFFD}")])
  }

  @Test func `a broken sequence does not take the key after it along`() {
    #expect(decode("\u{1B}[1;\r") == [.unknown(Array("\u{1B}[1;".utf8)), .key(.enter)])
    #expect(decode("\u{1B}[é") == [.unknown(Array("\u{1B}[".utf8)), .text("é")])
    #expect(decode("\u{1B}[1\u{1B}[A") == [.unknown(Array("\u{1B}[1".utf8)), .key(.up)])
    #expect(decode("\u{1B}\u{1B}[A") == [.key(.escape), .key(.up)])
    #expect(decode("\u{1B}]0;x\u{1B}[A") == [.unknown(Array("\u{1B}]0;x".utf8)), .key(.up)])
    #expect(decode("\u{1B}[M\u{1B}[A") == [.unknown(Array("\u{1B}[M".utf8)), .key(.up)])
  }

  @Test func `a sequence that is too long is swallowed to its end`() {
    let long = "\u{1B}[" + String(repeating: "1", count: 1000) + "A"
    let events = decode(long + "x")
    #expect(events.count == 2 && events.last == .text("x"))
    let string = "\u{1B}]" + String(repeating: "y", count: 10_000) + "\u{7}"
    #expect(decode(string + "x").last == .text("x"))
    #expect(decode(string + "x").count == 2)
  }

  @Test func `a span is fed like a sequence`() {
    var decoder = KeyDecoder()
    let bytes = Array("a\u{1B}[A".utf8)
    #expect(decoder.feed(bytes.span, now: .zero) == [.text("a"), .key(.up)])
  }
}

@Suite struct KeyDecoderTimeTests {
  @Test func `a lone escape becomes the key after 50 ms`() {
    var decoder = KeyDecoder()
    #expect(decoder.feed([0x1B], now: .milliseconds(10)) == [])
    #expect(decoder.deadline == .milliseconds(60))
    #expect(decoder.timeout(now: .milliseconds(59)) == [])
    #expect(decoder.timeout(now: .milliseconds(60)) == [.key(.escape)])
    #expect(decoder.deadline == nil)
  }

  @Test func `escape, then b a little later, is not alt-b`() {
    var decoder = KeyDecoder()
    #expect(decoder.feed([0x1B], now: .zero) == [])
    #expect(decoder.feed("b".utf8, now: .milliseconds(49)) == [.key(.character("b"), .alt)])
    #expect(decoder.feed([0x1B], now: .seconds(1)) == [])
    #expect(decoder.feed("b".utf8, now: .milliseconds(1050)) == [.key(.escape), .text("b")])
  }

  @Test func `the wait for an escape is an option within bounds`() {
    var patient = KeyDecoder(escapeTimeout: .seconds(90))
    #expect(patient.feed([0x1B], now: .zero).isEmpty && patient.deadline == .seconds(1))
    var hasty = KeyDecoder(escapeTimeout: .zero)
    #expect(hasty.feed("\u{1B}[A".utf8, now: .zero) == [.key(.up)])
    #expect(hasty.feed([0x1B], now: .zero).isEmpty && hasty.timeout(now: .zero) == [.key(.escape)])
  }

  @Test func `a sequence cut short never becomes text`() {
    for start in ["\u{1B}[", "\u{1B}O", "\u{1B}[1;5", "\u{1B}[<64;65", "\u{1B}[M!", "\u{1B}[["] {
      var decoder = KeyDecoder()
      #expect(decoder.feed(start.utf8, now: .zero) == [])
      #expect(decoder.timeout(now: .milliseconds(50)) == [.unknown(Array(start.utf8))])
    }
  }

  @Test func `bytes that keep coming keep a sequence alive`() {
    var decoder = KeyDecoder()
    var now = Duration.zero
    var events: [KeyEvent] = []
    for byte in "\u{1B}[1;5D".utf8 {
      events += decoder.feed([byte], now: now)
      now += .milliseconds(40)
    }
    #expect(events == [.key(.left, .control)])
  }

  @Test func `a string is given up a second after it began`() {
    var decoder = KeyDecoder()
    #expect(decoder.feed("\u{1B}]0;".utf8, now: .zero) == [])
    #expect(decoder.feed("title".utf8, now: .milliseconds(900)) == [])
    #expect(decoder.deadline == .seconds(1))
    #expect(decoder.timeout(now: .seconds(1)) == [.unknown(Array("\u{1B}]0;title".utf8))])
    #expect(decoder.feed("x".utf8, now: .seconds(1)) == [.text("x")])
  }

  @Test func `alt and a character that could begin a string is a key after all`() {
    for character: Character in ["_", "]", "P", "^", "X"] {
      var decoder = KeyDecoder()
      #expect(decoder.feed("\u{1B}\(character)".utf8, now: .zero) == [])
      #expect(decoder.timeout(now: .milliseconds(50)) == [.key(.character(character), .alt)])
    }
  }

  @Test func `feeding nothing does not postpone anything`() {
    var decoder = KeyDecoder()
    #expect(decoder.feed([0x1B], now: .zero) == [])
    #expect(decoder.feed([], now: .milliseconds(40)) == [])
    #expect(decoder.deadline == .milliseconds(50))
  }
}

@Suite struct PasteTests {
  @Test func `a paste is one event with line feeds`() {
    #expect(
      decode("\u{1B}[200~a\rb\r\nc\nd\r\re\u{1B}[201~x") == [.paste("a\nb\nc\nd\n\ne"), .text("x")])
    #expect(decode("\u{1B}[200~\u{1B}[201~") == [.paste("")])
  }

  @Test func `controls in a paste are shown and tabs are spaces`() {
    #expect(
      decode("\u{1B}[200~\u{1B}[6n\u{3}\u{7F}\t\u{85}\u{1B}[200~\u{1B}[201~")
        == [.paste("^[[6n^C^? \u{FFFD}^[[200~")])
  }

  @Test func `the end mark may be split anywhere and look begun`() {
    let bytes = Array("\u{1B}[200~a\u{1B}[20\u{1B}[201~b".utf8)
    for cut in 0...bytes.count {
      var decoder = KeyDecoder()
      let events =
        decoder.feed(bytes[..<cut], now: .zero) + decoder.feed(bytes[cut...], now: .zero)
      #expect(events == [.paste("a^[[20"), .text("b")])
    }
  }

  @Test func `a paste without an end is over after a second of silence, and nothing is lost`() {
    var decoder = KeyDecoder()
    #expect(decoder.feed("\u{1B}[200~abc\u{1B}[20".utf8, now: .zero) == [])
    #expect(decoder.feed("1".utf8, now: .milliseconds(999)) == [])
    #expect(decoder.deadline == .milliseconds(1999))
    #expect(decoder.timeout(now: .milliseconds(1999)) == [.paste("abc^[[201")])
    #expect(decoder.feed("x\r".utf8, now: .seconds(2)) == [.text("x"), .key(.enter)])
  }

  @Test func `a paste of more than a mebibyte ends there and its rest is skipped`() {
    var decoder = KeyDecoder()
    #expect(decoder.feed("\u{1B}[200~".utf8, now: .zero) == [])
    let events = decoder.feed(repeatElement(0x61, count: (1 << 20) + 1), now: .zero)
    guard case .paste(let text)? = events.first else { return #expect(Bool(false)) }
    #expect(events.count == 1 && text.utf8.count == (1 << 20) + 1)
    #expect(decoder.feed("rest\r\u{1B}[201~x".utf8, now: .zero) == [.text("x")])
    #expect(decoder.deadline == nil)
  }

  @Test func `an end mark that begins where a paste is too long is not missed`() {
    let start = Array("\u{1B}[200~".utf8)
    let end = Array("\u{1B}[201~x".utf8)
    for extra in -4...1 {
      var decoder = KeyDecoder()
      let body = Array(repeating: UInt8(0x61), count: (1 << 20) + extra) + Array("\u{1B}[20".utf8)
      let events = decoder.feed(start + body + end, now: .zero)
      #expect(events.count == 2 && events.last == .text("x"))
    }
  }

  @Test func `silence ends the skipping too`() {
    var decoder = KeyDecoder()
    _ = decoder.feed("\u{1B}[200~".utf8, now: .zero)
    _ = decoder.feed(repeatElement(0x61, count: (1 << 20) + 5), now: .zero)
    #expect(decoder.timeout(now: .seconds(1)) == [])
    #expect(decoder.feed("x".utf8, now: .seconds(1)) == [.text("x")])
  }

  @Test func `invalid UTF-8 in a paste is replaced`() {
    let bytes = Array("\u{1B}[200~".utf8) + [0x61, 0xFF, 0xE2, 0x82] + Array("\u{1B}[201~".utf8)
    #expect(decode(bytes) == [.paste("a\u{FFFD}\u{FFFD}")])
  }
}

@Suite struct KeyDecoderFuzzTests {
  /// Bytes that are likely to be sequences, whole, broken or mixed up.
  private func input(_ random: inout SeededGenerator) -> [UInt8] {
    let pieces = [
      "\u{1B}", "\u{1B}[", "\u{1B}O", "\u{1B}]", "\u{1B}P", "\u{1B}\\", "\u{7}", "\u{18}",
      "\u{1B}[200~",
      "\u{1B}[201~", "\u{1B}[A", "\u{1B}[1;5D", "\u{1B}[99;5u", "\u{1B}[M", "\u{1B}[[", "a", "é",
      "漢", "\r",
      ";", "~", "1", "👍🏽", "\u{1B}[97;2;65u", ":",
    ]
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 1...20, using: &random) {
      if random.oneIn(4) {
        bytes += random.bytes(upTo: 4)
      } else {
        bytes += Array(pieces[Int.random(in: 0..<pieces.count, using: &random)].utf8)
      }
    }
    return bytes
  }

  /// Events with neighbouring pieces of text joined, which is all that a split may change.
  private func joined(_ events: [KeyEvent]) -> [KeyEvent] {
    var result: [KeyEvent] = []
    for event in events {
      if case .text(let more) = event, case .text(let text)? = result.last {
        result[result.count - 1] = .text(text + more)
      } else {
        result.append(event)
      }
    }
    return result
  }

  @Test(arguments: seeds) func `any split of the bytes gives the same events`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let bytes = input(&random)
      var decoder = KeyDecoder()
      var events: [KeyEvent] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Int.random(in: 1...min(5, rest.count), using: &random)
        events += decoder.feed(rest.prefix(count), now: .zero)
        rest = rest.dropFirst(count)
      }
      events += decoder.finish()
      #expect(joined(events) == joined(decode(bytes)), "\(bytes)")
    }
  }

  @Test(arguments: seeds) func `no event has control text and the decoder always comes back`(
    _ seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    var decoder = KeyDecoder()
    var now = Duration.zero
    for _ in 0..<500 {
      now += .milliseconds(Int.random(in: 0...80, using: &random))
      for event in decoder.feed(input(&random), now: now) {
        let (text, allowed): (String, Set<Unicode.Scalar>) =
          switch event {
          case .text(let text): (text, [])
          case .paste(let text): (text, ["\n"])
          default: ("", [])
          }
        #expect(
          text.unicodeScalars.allSatisfy {
            $0.properties.generalCategory != .control || allowed.contains($0)
          })
      }
      if let deadline = decoder.deadline { #expect(deadline - now <= .seconds(1)) }
    }
    _ = decoder.finish()
    #expect(decoder.deadline == nil)
    #expect(decoder.feed("x".utf8, now: now) == [.text("x")])
  }
}
