/// One bad thing that somebody who is in the room sends, and a part of what the sender must read.
struct WireCase: Sendable {
  let name: String
  /// Sent one after the other, each in a packet of its own.
  let pieces: [[UInt8]]
  /// In a line before the answer to the ping that follows; nil if nothing but that answer may come.
  let answer: String?

  init(_ name: String, _ text: String, _ answer: String?) {
    self.init(name, [Array(text.utf8)], answer)
  }

  init(_ name: String, _ pieces: [[UInt8]], _ answer: String?) {
    self.name = name
    self.pieces = pieces
    self.answer = answer
  }
}

/// One bad beginning of a connection, and a part of what comes back; nil where nothing needs to.
struct BadBeginning: Sendable {
  enum Ending { case ping, end, reset }

  let name: String
  let bytes: [UInt8]
  let answer: String?
  let ending: Ending

  init(_ name: String, _ text: String, _ answer: String?, _ ending: Ending = .ping) {
    self.init(name, Array(text.utf8), answer, ending)
  }

  init(_ name: String, _ bytes: [UInt8], _ answer: String?, _ ending: Ending = .ping) {
    self.name = name
    self.bytes = bytes
    self.answer = answer
    self.ending = ending
  }
}

extension WireCase {
  static let all = controls + sequences + invalidText + cutText + lengths + commands + oddText

  /// Every control that is no line's end: shown as U+FFFD, a tab as a space.
  private static let controls: [WireCase] =
    (0..<32).filter { ![9, 10, 13].contains($0) }.map { control(UInt32($0)) }
    + [0x7F, 0x80, 0x85, 0x90, 0x9B, 0x9D, 0x9F].map(control)
    + [0x200E, 0x200F, 0x061C, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E].map(control)
    + [0x2066, 0x2067, 0x2068, 0x2069, 0x2028, 0x2029, 0xFEFF, 0x200B].map(control)
    + [WireCase("tab", "a\tb\n", "<eve> a b"), WireCase("CR inside", "a\rb\n", "<eve> a\u{FFFD}b")]

  private static func control(_ value: UInt32) -> WireCase {
    let sign = Unicode.Scalar(value).map { String(Character($0)) } ?? ""
    return WireCase("U+\(String(value, radix: 16))", "a" + sign + "b\n", "<eve> a\u{FFFD}b")
  }

  /// What would steer a terminal.
  private static let sequences: [WireCase] = [
    WireCase("OSC 52", "\u{1B}]52;c;aGVsbG8=\u{7}\n", "<eve> \u{FFFD}]52;c;aGVsbG8=\u{FFFD}"),
    WireCase("window title", "\u{1B}]0;owned\u{1B}\\\n", "<eve> \u{FFFD}]0;owned\u{FFFD}\\"),
    WireCase("clear", "\u{1B}[2J\u{1B}[H\n", "<eve> \u{FFFD}[2J\u{FFFD}[H"),
    WireCase("colour", "\u{1B}[31mred\n", "<eve> \u{FFFD}[31mred"),
    WireCase("device string", "\u{1B}P+q544e\u{1B}\\\n", "<eve> \u{FFFD}P+q544e\u{FFFD}\\"),
    WireCase("report", "\u{1B}[6n\n", "<eve> \u{FFFD}[6n"),
    WireCase("eight-bit CSI", "\u{9B}31m\n", "<eve> \u{FFFD}31m"),
    WireCase("a forged line", "hi\r* bob left (quit)\n", "<eve> hi\u{FFFD}* bob left (quit)"),
    WireCase("backspaces", "good\u{8}\u{8}\u{8}\u{8}evil\n", "<eve> good\u{FFFD}\u{FFFD}"),
  ]

  private static let invalidText: [WireCase] = [
    ("a lone continuation", [0x80]), ("overlong slash", [0xC0, 0xAF]),
    ("overlong NUL", [0xC0, 0x80]), ("overlong three", [0xE0, 0x80, 0xAF]),
    ("half of two", [0xC3]), ("a third of three", [0xE6]), ("two of three", [0xE6, 0xBC]),
    ("three of four", [0xF0, 0x9F, 0x98]), ("a surrogate", [0xED, 0xA0, 0x80]),
    ("beyond the last", [0xF4, 0x90, 0x80, 0x80]), ("FF", [0xFF]), ("FE FF", [0xFE, 0xFF]),
    ("Latin-1", [0x63, 0x61, 0x66, 0xE9]),
  ].map { WireCase("invalid: \($0.0)", [[97] + $0.1 + [98, 10]], "! 415") }

  /// A character that comes in two packets is whole.
  private static let cutText: [WireCase] = [
    ("é", 1), ("漢", 1), ("漢", 2), ("😀", 1), ("😀", 2), ("😀", 3),
  ]
  .map { text, cut in
    let bytes = Array(text.utf8)
    return WireCase(
      "\(text) cut after \(cut)", [Array(bytes[..<cut]), bytes[cut...] + [10]], "<eve> \(text)")
  }

  private static let lengths: [WireCase] = [
    WireCase("the longest line", [[UInt8](repeating: 120, count: 2_048) + [10]], "<eve> xxx"),
    WireCase("one too long", [[UInt8](repeating: 120, count: 2_049) + [10]], "! 413"),
    WireCase("100 KB", [[UInt8](repeating: 120, count: 100_000) + [10]], "! 413"),
    WireCase("a megabyte of NUL", [[UInt8](repeating: 0, count: 1 << 20) + [10]], "! 413"),
    WireCase("its tail is no command", "\(String(repeating: "x", count: 3_000))/quit\n", "! 413"),
    WireCase("100,000 empty lines", [[UInt8](repeating: 10, count: 100_000)], nil),
    WireCase("50,000 CRLF", [[[UInt8]](repeating: [13, 10], count: 50_000).flatMap { $0 }], nil),
    WireCase("spaces", "    \n", nil), WireCase("nothing", "\n", nil),
    WireCase("a CR", "\r\n", nil),
  ]

  private static let commands: [WireCase] = [
    ("/", "! 421"), ("/unknown", "! 421"), ("/ x", "! 421"), ("/WHO", "! 421"),
    ("/whoami", "! 421"),
    ("/msg", "! 412"), ("/msg bob", "! 412"), ("/msg bob  ", "! 412"), ("/msg nobody hi", "! 401"),
    ("/me", "! 412"), ("/me   ", "! 412"), ("/nick", "! 432"), ("/nick -x", "! 432"),
    ("/nick server", "! 432"), ("/nick witness", "! 433"), ("/nick a b", "! 432"),
    ("/nick \u{1B}[31m", "! 432"), ("/ping", "PONG"), ("//twice", "<eve> /twice"),
    ("/\(String(repeating: "z", count: 500))", "! 421"),
    ("/msg witness \u{1B}[2J", "-> witness: \u{FFFD}[2J"),
    ("CONNECT again", "<eve> CONNECT again"), ("* bob left (quit)", "<eve> * bob left (quit)"),
    ("<bob> I said this", "<eve> <bob> I said this"), ("PING 17", "<eve> PING 17"),
    ("! 503 go away", "<eve> ! 503 go away"),
    ("@1700000000 <bob> hi", "<eve> @1700000000 <bob> hi"),
  ].map { WireCase($0.0, $0.0 + "\n", $0.1) }

  private static let oddText: [WireCase] = [
    WireCase("a pile of marks", "e" + String(repeating: "\u{301}", count: 500) + "\n", "<eve> e"),
    WireCase("marks alone", String(repeating: "\u{30A}", count: 100) + "\n", "<eve> "),
    WireCase("a family", "👩‍👩‍👧‍👦\n", "<eve> 👩‍👩‍👧‍👦"),
    WireCase("a tag flood", "🏴" + String(repeating: "\u{E0067}", count: 200) + "\n", "<eve> 🏴"),
    WireCase("joiners", "a" + String(repeating: "\u{200D}", count: 300) + "b\n", "<eve> a"),
    WireCase("many lines in one packet", String(repeating: "again\n", count: 500), "<eve> again"),
    WireCase("one byte a packet", "slow".utf8.map { [$0] } + [[10]], "<eve> slow"),
  ]
}

extension BadBeginning {
  static let all: [BadBeginning] =
    [
      BadBeginning("a web browser", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "! 400"),
      BadBeginning("TLS", [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 10], "! 4"),
      BadBeginning("SSH", "SSH-2.0-OpenSSH_9.2\r\n", "! 400"),
      BadBeginning("CONNECT alone", "CONNECT\n", "! 400"),
      BadBeginning("CONNECT and spaces", "CONNECT    \n", "! 400"),
      BadBeginning("lower case", "connect eve\n", "! 400"),
      BadBeginning("a command", "/who\n", "! 400"),
      BadBeginning("invalid", [255, 254, 10], "! 415"),
      BadBeginning(
        "a long name", "CONNECT " + String(repeating: "n", count: 1_000) + "\n", "! 432"),
      BadBeginning("a long line", [UInt8](repeating: 120, count: 1 << 20) + [10], "! 413"),
      BadBeginning("no newline at all", [UInt8](repeating: 120, count: 64 << 20), nil, .end),
      BadBeginning("NUL for ever", [UInt8](repeating: 0, count: 4 << 20), nil, .reset),
      BadBeginning("nothing, then the end", "", nil, .end),
      BadBeginning("nothing, then a reset", "", nil, .reset),
      BadBeginning("half a line, then the end", "CONNECT ev", nil, .end),
      BadBeginning("half a line, then a reset", "CONNECT ev", nil, .reset),
      BadBeginning("a name, then a reset", "CONNECT eve\n", nil, .reset),
      BadBeginning("a message without its end", "CONNECT eve\nhello", "* Welcome, eve!", .end),
      BadBeginning("everything at once", "CONNECT eve\nhi\n/quit\n", "<eve> hi", .end),
      BadBeginning("100,000 empty lines", [UInt8](repeating: 10, count: 100_000), nil, .reset),
    ]
    // A space under a mark parts no words.
    + [BadBeginning("a mark before the name", "CONNECT \u{301}a\n", "! 400")]
    + ["-x", "server", "SYSTEM", "a*b", "a\u{202E}b", "a\u{0}b", ".", "<x>", "🙂"].map {
      BadBeginning("the name \($0.debugDescription)", "CONNECT \($0)\n", "! 432")
    }
}
