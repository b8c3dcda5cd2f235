import ChatWire
import CheckRows
import Fluvial
import FluvialTerminal
import Glibc

/// F6: numbers of addresses, against the system's own reading of them.
struct AddressTarget: FuzzTarget {
  let id = "F6"
  let name = "addresses, against inet_pton"
  let releaseCount = 20_000_000
  let corpus = [
    "127.0.0.1", "::1", "fe80::1", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "255.255.255.255",
    "01.2.3.4", "1.2.3", "::",
  ]
  .map { Array($0.utf8) }

  func run(_ input: [UInt8], planted: Bool) async throws -> Int {
    let text = String(decoding: input, as: UTF8.self)
    // A zone names an interface, which inet_pton does not read.
    guard !text.utf8.contains(37) else { return 0 }
    let given = planted ? String(text.reversed().drop { $0 == " " }.reversed()) : text
    let address = try? SocketAddress(number: given, port: 80)
    let expected = Self.canonical(text)
    guard address?.host == expected else {
      throw CheckFailure(
        "\(text.debugDescription) was read as \(address?.host ?? "nothing"), "
          + "and is \(expected ?? "nothing").")
    }
    if let address {
      guard try SocketAddress(number: address.host, port: 80) == address else {
        throw CheckFailure("\(address) is not itself.")
      }
    }
    return expected.map { $0.utf8.count } ?? -min(text.utf8.count, 40)
  }

  private static func canonical(_ text: String) -> String? {
    guard !text.utf8.contains(0) else { return nil }
    for family in [AF_INET, AF_INET6] {
      var raw = in6_addr()
      guard unsafe inet_pton(family, text, &raw) == 1 else { continue }
      var shown = [CChar](repeating: 0, count: 64)
      guard unsafe inet_ntop(family, &raw, &shown, 64) != nil else { return nil }
      return String(decoding: shown.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return nil
  }
}

/// F7: the chat protocol's two readers, and what a terminal is shown of them.
struct ChatTarget: FuzzTarget {
  let id = "F7"
  let name = "the chat's lines and the terminal's text: no control in what comes out"
  let corpus = [
    "CONNECT ann ping time", "//two", "/msg bob hi", "/nick \u{E9}\u{301}", "/pong 17",
    "* ann joined",
    "<bob> hi \u{202E}", "-bob- psst", "-> bob: x", "! 413 too long", "PONG\t", "PING x", "@17 * x",
    "@1\t* x", "\u{1B}]52;c;aGk=\u{7}", "\u{9B}31m",
    "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}",
  ].map { Array($0.utf8) }

  func run(_ input: [UInt8], planted: Bool) async throws -> Int {
    var way = 0
    for phase in [ClientLine.Phase.connecting, .chatting] {
      let line = ClientLine(parsing: input, phase: phase)
      way = way &* 31 &+ Self.kind(of: line)
      guard let text = line.formatted else { continue }
      try Self.check(planted ? String(decoding: input, as: UTF8.self) : text, "a client's line")
      let again = ClientLine(parsing: Array(text.utf8), phase: phase)
      guard again == line || !Self.isFaithful(line) else {
        throw CheckFailure("\(line) was sent, and \(again) was read.")
      }
    }
    let server = StampedLine(parsing: input)
    let text = server.line.formatted
    try Self.check(text, "a server's line")
    let again = ServerLine(parsing: text)
    if case .unknown = server.line {
      guard case .unknown = again else {
        throw CheckFailure("\(server.line) was unknown, and became \(again).")
      }
    }
    let shown = SafeText(sanitizing: input).plain
    try Self.check(shown, "a terminal's text")
    guard SafeText(sanitizing: shown).plain == shown else {
      throw CheckFailure("\(shown.debugDescription) changes when it is cleaned once more.")
    }
    guard text.cleaned == text else {
      throw CheckFailure("\(text.debugDescription) was not clean.")
    }
    return way &* 31 &+ min(text.unicodeScalars.count, 12)
  }

  private static func check(_ text: String, _ what: String) throws {
    let bad = text.unicodeScalars.first { scalar in
      switch scalar.value {
      case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
      default: false
      }
    }
    if let bad { throw CheckFailure("U+\(String(bad.value, radix: 16)) is in \(what).") }
  }

  /// Whether what is sent is read as it was: a name with a space, for one, is two words.
  private static func isFaithful(_ line: ClientLine) -> Bool {
    switch line {
    case .connect, .text, .who, .help, .action, .ping, .pong, .quit: true
    default: false
    }
  }

  private static func kind(of line: ClientLine) -> Int {
    switch line {
    case .connect: 1
    case .text: 2
    case .who: 3
    case .nick: 4
    case .message: 5
    case .action: 6
    case .ping: 7
    case .pong: 8
    case .quit: 9
    case .help: 10
    case .blank: 11
    case .malformed(let error): error.code.rawValue
    }
  }
}

/// F8: paths of unix sockets, of any bytes and lengths.
struct UnixPathTarget: FuzzTarget {
  let id = "F8"
  let name = "paths of unix sockets: whole or refused"
  let releaseCount = 20_000_000
  let corpus = [
    "/run/x.sock", "\u{0}abstract", "", "\u{0}", "a\u{0}b", String(repeating: "x", count: 107),
    String(repeating: "x", count: 108), "/" + String(repeating: "é", count: 53),
  ].map { Array($0.utf8) }

  func run(_ input: [UInt8], planted: Bool) async throws -> Int {
    let path = String(decoding: input.prefix(300), as: UTF8.self)
    let bytes = Array(path.utf8)
    let expected: UVError? =
      if bytes.isEmpty || bytes == [0] || bytes.dropFirst().contains(0) {
        .invalidArgument
      } else { bytes.count > (planted ? 108 : 107) ? .nameTooLong : nil }
    let got: UVError?
    do {
      let address = try SocketAddress(unixPath: path)
      guard Array(address.host.utf8) == bytes, address.family == .unix else {
        throw CheckFailure("\(path.debugDescription) became \(address.host.debugDescription).")
      }
      got = nil
    } catch let error as UVError { got = error }
    guard got?.code == expected?.code else {
      throw CheckFailure("A path of \(bytes.count) bytes: \(got as Any), not \(expected as Any).")
    }
    return min(bytes.count, 120) + (bytes.first == 0 ? 1_000 : 0)
  }
}
