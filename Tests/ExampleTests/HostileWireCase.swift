/// One thing that a hostile client does to the built server, and what is to come of it.
struct HostileWireCase: CustomStringConvertible {
  /// How the client ends after it has sent everything.
  enum Farewell { case stays, endsItsSide, resets }

  enum Outcome {
    /// Everybody reads this line; `NAME` stands for the client's name.
    case everybodyReads(String)
    /// The client reads a line that starts so, and nobody else anything.
    case answered(String)
    /// The connection is closed behind a line that starts so.
    case closed(String)
    /// Nothing that anybody reads.
    case nothing
  }

  let description: String
  /// What is sent, piece by piece; `NAME` stands for the client's name.
  var pieces: [[UInt8]]
  /// Whether the client has joined before.
  var joins = true
  var farewell = Farewell.stays
  var outcome: Outcome

  init(
    _ description: String, _ text: String, joins: Bool = true, then farewell: Farewell = .stays,
    _ outcome: Outcome
  ) {
    self.init(description, [Array(text.utf8)], joins: joins, then: farewell, outcome)
  }

  init(
    _ description: String, _ pieces: [[UInt8]], joins: Bool = true,
    then farewell: Farewell = .stays, _ outcome: Outcome
  ) {
    self.description = description
    self.pieces = pieces
    self.joins = joins
    self.farewell = farewell
    self.outcome = outcome
  }
}

extension HostileWireCase {
  static let all = attacks + encodings + lengths + splits + endings + strangers

  /// What steers terminals or deceives readers, and how each is shown.
  private static let weapons: [(name: String, text: String, shown: String)] = [
    ("clear the screen", "\u{1B}[2J", "?[2J"), ("title", "\u{1B}]0;t\u{7}", "?]0;t?"),
    ("clipboard", "\u{1B}]52;c;ZXZpbA==\u{7}", "?]52;c;ZXZpbA==?"),
    ("position report", "\u{1B}[6n", "?[6n"), ("attributes", "\u{1B}[c", "?[c"),
    ("settings report", "\u{1B}P$qm\u{1B}\\", "?P$qm?\\"),
    ("alternate screen", "\u{1B}[?1049h", "?[?1049h"), ("reset", "\u{1B}c", "?c"),
    ("NUL", "\0", "?"), ("bell", "\u{7}", "?"), ("backspace", "\u{8}", "?"), ("tab", "\t", " "),
    ("vertical tab", "\u{B}", "?"), ("form feed", "\u{C}", "?"), ("return", "\r", "?"),
    ("shift out", "\u{E}", "?"), ("cancel", "\u{18}", "?"), ("delete", "\u{7F}", "?"),
    ("next line", "\u{85}", "?"), ("C1 CSI", "\u{9B}2J", "?2J"), ("override", "\u{202E}", "?"),
    ("isolate", "\u{2066}", "?"), ("left to right", "\u{200E}", "?"),
    ("Arabic mark", "\u{61C}", "?"),
    ("line separator", "\u{2028}", "?"), ("paragraph separator", "\u{2029}", "?"),
    ("byte order mark", "\u{FEFF}", "?"), ("zero width space", "\u{200B}", "?"),
  ]

  /// Each weapon in each place that reaches somebody.
  private static let attacks: [HostileWireCase] = weapons.flatMap { weapon in
    let (name, text) = (weapon.name, weapon.text)
    let shown = weapon.shown.replacing("?", with: "\u{FFFD}").replacing(
      "[\u{FFFD}1049", with: "[?1049")
    // A tab parts words like a space; elsewhere it is one.
    let isTab = text == "\t"
    var cases: [HostileWireCase] = [
      .init("\(name) in text", "x\(text)y\n", .everybodyReads("<NAME> x\(shown)y")),
      .init("\(name) in /me", "/me x\(text)y\n", .everybodyReads("* NAME x\(shown)y")),
      .init("\(name) in /msg", "/msg witness x\(text)y\n", .everybodyReads("-NAME- x\(shown)y")),
      .init(
        "\(name) in a reason", "/quit x\(text)y\n", .everybodyReads("* NAME left (x\(shown)y)")),
      .init("\(name) in /ping", "/ping x\(text)y\n", .answered("PONG x\(shown)y")),
      .init("\(name) in /nick", "/nick x\(text)y\n", .answered("! 432 ")),
      .init(
        "\(name) in a command", "/x\(text)y\n",
        .answered("! 421 unknown command /x\(isTab ? "," : shown)")),
      .init("\(name) in a name to /msg", "/msg x\(text)y hello\n", .answered("! 401 ")),
    ]
    if !isTab {
      cases.append(
        .init("\(name) in CONNECT", "CONNECT x\(text)y\n", joins: false, .answered("! 432 ")))
    }
    return cases
  }

  private static let encodings: [HostileWireCase] = [
    [0xFF], [0xFE], [0x80], [0xC0, 0x80], [0xC0, 0xAF], [0xC3, 0x28], [0xE0, 0x80, 0x80],
    [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
    [0xF5, 0x80, 0x80, 0x80], [0x9B, 0x32, 0x4A], [0xF0, 0x9F, 0x98],
  ].flatMap { (bytes: [UInt8]) -> [HostileWireCase] in
    let name = bytes.map { String($0, radix: 16) }.joined(separator: " ")
    return [
      .init("\(name) in text", [Array("x".utf8) + bytes + [10]], .answered("! 415 ")),
      .init(
        "\(name) in CONNECT", [Array("CONNECT x".utf8) + bytes + [10]], joins: false,
        .answered("! 415 ")),
    ]
  }

  private static let lengths: [HostileWireCase] = [
    .init("the longest line", line(2_048), .everybodyReads("<NAME> " + line(2_048).dropLast())),
    .init("one byte too many", line(2_049), .answered("! 413 ")),
    .init("a long line and one behind it", line(9_999) + "next\n", .everybodyReads("<NAME> next")),
    .init(
      "a long line, whose end looks like a command", line(5_000).dropLast() + "/quit\n",
      .answered("! 413 ")),
    .init(
      "4 MB without a newline, then one",
      Array(repeating: bytes(64 << 10), count: 64) + [Array("\nafter\n".utf8)],
      .everybodyReads("<NAME> after")),
    .init(
      "a CONNECT that is too long", "CONNECT " + line(3_000), joins: false, .answered("! 413 ")),
    .init("a name that is too long", "CONNECT " + line(25), joins: false, .answered("! 432 ")),
    .init("2,048 NULs grow, and are cut", String(repeating: "\0", count: 2_048) + "\n", .nothing),
    .init(
      "forty marks on a letter", "a" + String(repeating: "\u{301}", count: 40) + "\n",
      .everybodyReads("<NAME> a" + String(repeating: "\u{301}", count: 8))),
    .init(
      "a name under a pile of marks", "CONNECT x" + String(repeating: "\u{323}", count: 9) + "\n",
      joins: false, .answered("! 432 ")),
    .init(
      "100,000 empty lines", String(repeating: "\n", count: 100_000) + "after\n",
      .everybodyReads("<NAME> after")),
    .init(
      "50,000 lines of a return", String(repeating: "\r\n", count: 50_000) + "after\n",
      .everybodyReads("<NAME> after")),
    .init(
      "20,000 lines of spaces", String(repeating: "  \n", count: 20_000) + "after\n",
      .everybodyReads("<NAME> after")),
    .init(
      "a line of 2,000 slashes", String(repeating: "/", count: 2_000) + "\n",
      .everybodyReads("<NAME> " + String(repeating: "/", count: 1_999))),
    .init("an unknown command of 2,000 letters", "/" + line(2_000), .answered("! 421 ")),
  ]

  /// UTF-8 at the edges of what is read at once.
  private static let splits: [HostileWireCase] = {
    let text = Array("é漢👋🏽 e\u{301}\n".utf8)
    let cuts = (1..<text.count).map { cut in
      HostileWireCase(
        "cut after \(cut) bytes", [Array(text[..<cut]), Array(text[cut...])],
        .everybodyReads("<NAME> é漢👋🏽 e\u{301}"))
    }
    return cuts + [
      .init(
        "one byte at a time", Array("CONNECT slowpoke\nslow\n".utf8).map { [$0] }, joins: false,
        .everybodyReads("<slowpoke> slow")),
      .init(
        "a return, and the newline later", [Array("hi\r".utf8), [10]], .everybodyReads("<NAME> hi")),
      .init(
        "many lines in one piece", "/ping 1\n/ping 2\nthree\n", .everybodyReads("<NAME> three")),
    ]
  }()

  private static let endings: [HostileWireCase] = [
    .init("nothing, and a reset", [], joins: false, then: .resets, .nothing),
    .init("nothing, and the end", [], joins: false, then: .endsItsSide, .closed("* chat ready")),
    .init("half a CONNECT, and a reset", "CONNECT ha", joins: false, then: .resets, .nothing),
    .init(
      "half a CONNECT, and the end", "CONNECT NAME", joins: false, then: .endsItsSide,
      .everybodyReads("* NAME left (disconnected)")),
    .init("no newline, and the end", "last", then: .endsItsSide, .everybodyReads("<NAME> last")),
    .init(
      "no newline, and a reset", "lost", then: .resets,
      .everybodyReads("* NAME left (connection lost)")),
    .init(
      "half a character, and the end", [[0xE6, 0xBC]], then: .endsItsSide, .answered("! 415 ")),
    .init("text behind /quit", "/quit bye\nunheard\n", .everybodyReads("* NAME left (bye)")),
    .init(
      "a reset behind text", "heard\n", then: .resets,
      .everybodyReads("* NAME left (connection lost)")),
  ]

  /// Programs that are no chat clients, and clients that do not behave.
  private static let strangers: [HostileWireCase] = [
    .init(
      "HTTP", "GET / HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n", joins: false, .closed("! 400 ")),
    .init("SSH", "SSH-2.0-x\r\n", joins: false, .answered("! 400 ")),
    .init(
      "TLS", [[0x16, 3, 1, 0, 0xC4, 1, 0, 0, 0xC0, 3, 3, 0xFF, 0x0A, 0x0A, 0xFE, 0x0A]],
      joins: false, .answered("! 4")),
    .init("no name", "CONNECT\n", joins: false, .answered("! 400 ")),
    .init("a blank name", "CONNECT  \t \n", joins: false, .answered("! 400 ")),
    .init("lower case", "connect ann\n", joins: false, .answered("! 400 ")),
    .init("a taken name", "CONNECT WITNESS\n", joins: false, .answered("! 433 ")),
    .init("a reserved name", "CONNECT \u{FF33}erver\n", joins: false, .answered("! 432 ")),
    .init("a name like a notice", "CONNECT *\n", joins: false, .answered("! 432 ")),
    .init("a name like a message", "CONNECT <bob>\n", joins: false, .answered("! 432 ")),
    .init(
      "three strikes", "CONNECT *\nCONNECT -\nCONNECT !\nCONNECT ok\n", joins: false,
      .closed("! 432 ")),
    .init(
      "three strikes of three kinds", [Array("x\nCONNECT server\n".utf8) + [0xFF, 10]],
      joins: false, .closed("! 415 ")),
    .init("a second CONNECT", "CONNECT other\n", .everybodyReads("<NAME> CONNECT other")),
    .init("an imitated notice", "* bob left (quit)\n", .everybodyReads("<NAME> * bob left (quit)")),
    .init(
      "an imitated message", "<witness> I agree\n", .everybodyReads("<NAME> <witness> I agree")),
    .init("an imitated PING", "PING 1\n", .everybodyReads("<NAME> PING 1")),
    .init("a time of its own", "@1 * x\n", .everybodyReads("<NAME> @1 * x")),
    .init("/msg to nobody", "/msg nobody hi\n", .answered("! 401 ")),
    .init("/msg to a line", "/msg * hi\n", .answered("! 401 ")),
    .init("/msg to oneself", "/msg NAME hi\n", .answered("-NAME- hi")),
    .init("/msg without text", "/msg witness\n", .answered("! 412 ")),
    .init("/me without text", "/me \n", .answered("! 412 ")),
    .init("/nick to a taken name", "/nick Witness\n", .answered("! 433 ")),
    .init("/nick without a name", "/nick\n", .answered("! 432 ")),
    .init("/pong to nothing", "/pong \u{1B}[2J\n", .nothing),
  ]

  private static func line(_ count: Int) -> String { String(repeating: "x", count: count) + "\n" }

  private static func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x79, count: count) }
}
