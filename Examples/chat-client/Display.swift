import ChatWire
import Fluvial
import FluvialTerminal

/// Shows what the server says, and trusts it with nothing: all of it goes through ``SafeText``.
struct Display {
  private let prompt: Prompt
  private let clock: LoopClock
  private let ringsBell: Bool
  private var shownDate: String?
  /// Whether the lines that come were said before we came.
  private var isInHistory = false
  private var lastBell: LoopClock.Instant?

  private static let dim = Style(dim: true)
  private static let red = Style(.red)
  /// Six colours that can be read on a dark and on a light ground.
  private static let colors: [Color] = [.red, .green, .yellow, .blue, .magenta, .cyan]

  init(_ prompt: Prompt, clock: LoopClock, ringsBell: Bool) {
    self.prompt = prompt
    self.clock = clock
    self.ringsBell = ringsBell
    shownDate = LocalTime()?.date
  }

  /// A line of our own about what went wrong.
  func complain(_ text: String) { prompt.print(SafeText(sanitizing: text).styled(Self.red)) }

  /// A line of our own.
  func note(_ text: SafeText) { prompt.print(text.styled(Self.dim)) }

  /// Another conversation begins: what was said before comes first.
  mutating func begin() { isInHistory = false }

  /// A line from the server, as `me` sees it.
  mutating func show(_ stamped: StampedLine, me: UserName?) {
    switch stamped.line {
    case .ping: return
    case ServerLine.historyMark where prompt.kind != .batch:
      isInHistory.toggle()
      note(isInHistory ? "--- said before you came ---" : "--- now ---")
    case .notice(let text): put(stamped, "* \(sanitizing: text)", Self.dim)
    case .error(let error):
      put(stamped, "! \(error.code.rawValue) \(sanitizing: error.text)", Self.red)
    case .pong(let token): put(stamped, "PONG \(sanitizing: token)", Self.dim)
    case .unknown(let text): put(stamped, SafeText(sanitizing: text), .plain)
    case .message(let name, let text):
      let isOwn = me?.isCalled(name) ?? false
      let isMention = !isOwn && me?.isMentioned(in: text) ?? false
      let said = SafeText(sanitizing: text)
      let shownName = isOwn ? colored(name).styled(Style(bold: true)) : colored(name)
      put(stamped, "<\(shownName)> \(isMention ? said.styled(Style(reversed: true)) : said)")
      // Whoever was called before that is not called again.
      if isMention, !isInHistory { ring() }
    case .privateMessage(let name, let text):
      put(stamped, "-\(colored(name))- \(sanitizing: text)", Style(bold: true))
      if !isInHistory { ring() }
    case .privateCopy(let name, let text):
      put(stamped, "-> \(colored(name)): \(sanitizing: text)", Style(bold: true))
    }
  }

  private func colored(_ name: String) -> SafeText {
    let color = Self.colors[NameStyle.color(of: name) % Self.colors.count]
    return SafeText(sanitizing: name).styled(Style(color))
  }

  private mutating func put(_ stamped: StampedLine, _ line: SafeText, _ style: Style = .plain) {
    // A script wants the line and nothing before it.
    guard prompt.kind != .batch, let time = LocalTime(unixTime: stamped.unixTime) ?? LocalTime()
    else { return prompt.print(line) }
    if time.date != shownDate {
      shownDate = time.date
      note("--- \(sanitizing: time.date) ---")
    }
    let clock = SafeText(sanitizing: time.clock).styled(Self.dim)
    prompt.print("\(clock) \(line.styled(style))")
  }

  private mutating func ring() {
    guard ringsBell else { return }
    let now = clock.now
    if let lastBell, lastBell.duration(to: now) < .seconds(1) { return }
    lastBell = now
    prompt.ring()
  }
}

extension UserName {
  /// Whether a name that the server sent is this user's.
  func isCalled(_ name: String) -> Bool { (try? UserName(name)) == self }
}
