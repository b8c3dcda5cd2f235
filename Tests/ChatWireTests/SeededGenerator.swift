/// A random generator whose run can be repeated: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension SeededGenerator {
  /// Text out of pieces that have caused trouble before, with some noise between them.
  mutating func hostileText(pieces count: Int = 12) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0...count, using: &self) {
      switch Int.random(in: 0..<4, using: &self) {
      case 0:
        let value = UInt32.random(in: 0...0x10FFFF, using: &self)
        text.unicodeScalars.append(Unicode.Scalar(value) ?? "x")
      case 1:
        text.unicodeScalars.append(Unicode.Scalar(UInt8.random(in: 0...255, using: &self)))
      default:
        text += Self.pieces.randomElement(using: &self) ?? ""
      }
    }
    return text
  }

  /// Something like a name: letters of several scripts, marks, signs, and now and then what is none of these.
  mutating func hostileName() -> String {
    var name = ""
    for _ in 0..<Int.random(in: 1...10, using: &self) {
      name += Self.nameParts.randomElement(using: &self) ?? ""
    }
    return name
  }

  private static let nameParts = [
    "a", "B", "é", "e\u{301}", "ß", "ﬀ", "山", "न", "\u{93F}", "\u{94D}", "\u{323}", "\u{302}", "7",
    "٣", "_", "-", ".", "İ", "ſ", "Ａ", "한", "ᄒ", "ᅡ", "server", "system", "\u{3164}", "\u{200D}",
    "ǆ", "Σ", "ς", "\u{345}", "ΐ",
  ]

  /// A line of bytes, sometimes not UTF-8, sometimes a mutilated command.
  mutating func hostileBytes() -> [UInt8] {
    var bytes = Array(hostileText().utf8)
    for _ in 0..<Int.random(in: 0...3, using: &self) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &self)
      if Bool.random(using: &self) {
        bytes[place] = UInt8.random(in: 0...255, using: &self)
      } else {
        bytes.remove(at: place)
      }
    }
    return bytes
  }

  private static let pieces = [
    "CONNECT ", "ann", " ", "  ", "ping", "time", "/", "//", "/who", "/nick ", "/msg ", "/me ",
    "/ping ", "/pong ", "/quit", "/help", "* ", "! ", "! 413 ", "<ann> ", "<", ">", "-ann- ", "-> ",
    "-> bob: ", "PING ", "PONG", "@", "@1700000000 ", "@99999999999999999999 ", "\t", "\r", "\n",
    "\u{1B}[31m", "\u{0}", "\u{9B}", "\u{202E}", "\u{2028}", "\u{FEFF}", "\u{200B}", "\u{200D}",
    "e\u{301}", "\u{301}\u{302}\u{303}\u{304}\u{305}", "👩‍👩‍👧", "🇩🇪", "山", "ß",
  ]
}
