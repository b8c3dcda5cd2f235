/// Turns the bytes that a terminal sends into keys, text and pastes.
///
/// A value without a clock: `now` is the time since any fixed moment that the caller likes, and when
/// ``deadline`` is set the caller calls ``timeout(now:)`` at that time. Bytes may come in any pieces; one
/// read is never taken for one key. A sequence that is unknown, broken or cut short never becomes text.
///
/// ```swift
/// for event in decoder.feed(bytes, now: now) {
///   for action in editor.handle(event, now: now) {
///     if case .submit(let line) = action { lines.append(line) }
///   }
/// }
/// ```
public struct KeyDecoder: Sendable {
  /// What the next byte belongs to.
  ///
  /// ground -> escape -> alt, csi, ss3, string; csi -> consoleKey, mouse, paste; string -> stringEscape;
  /// paste -> skip. Everything returns to ground; an escape byte leads to escape from anywhere but a paste.
  private enum State: Equatable {
    case ground
    case escape
    /// An escape and the first bytes of a character beyond ASCII.
    case alt
    case csi
    /// `CSI [`, which on the Linux console is followed by one more letter.
    case consoleKey
    /// `CSI M`, which is followed by three bytes of any value.
    case mouse(missing: Int)
    case ss3
    /// The text after `ESC ]` and the like, up to BEL or `ESC \`.
    case string
    case stringEscape
    case paste
    /// The rest of a paste that was too long.
    case skip
  }

  private static let sequenceLimit = 256
  private static let stringLimit = 4096
  private static let patience: Duration = .seconds(1)

  /// When ``timeout(now:)`` must be called, if nothing else arrives before.
  public private(set) var deadline: Duration?

  private let escapeTimeout: Duration
  private var state = State.ground
  private var sequence: [UInt8] = []
  private var utf8 = UTF8Decoder()
  private var paste = PasteCollector()
  private var stringDeadline: Duration = .zero
  private var events: [KeyEvent] = []
  /// Text that comes after `events`.
  private var text = ""

  /// Creates a decoder that takes an escape for the escape key when nothing follows for `escapeTimeout`.
  ///
  /// The time is held between nothing and one second. Longer than about 200 ms, "escape, then b" becomes
  /// alt-b; much shorter, slow connections tear sequences apart.
  public init(escapeTimeout: Duration = .milliseconds(50)) {
    self.escapeTimeout = min(max(escapeTimeout, .zero), Self.patience)
  }

  /// Takes bytes that arrived at `now` and returns what they mean.
  public mutating func feed(_ bytes: some Sequence<UInt8>, now: Duration) -> [KeyEvent] {
    expire(now)
    var isEmpty = true
    for byte in bytes {
      isEmpty = false
      take(byte, now)
    }
    if !isEmpty { deadline = nextDeadline(now) }
    return takeEvents()
  }

  /// Takes bytes that arrived at `now` and returns what they mean.
  public mutating func feed(_ bytes: Span<UInt8>, now: Duration) -> [KeyEvent] {
    expire(now)
    for index in bytes.indices { take(bytes[index], now) }
    if !bytes.isEmpty { deadline = nextDeadline(now) }
    return takeEvents()
  }

  /// Returns what the bytes so far mean now that nothing followed them.
  ///
  /// Before ``deadline`` it returns nothing.
  public mutating func timeout(now: Duration) -> [KeyEvent] {
    expire(now)
    return takeEvents()
  }

  /// Returns what the bytes so far mean if there will be no more.
  public mutating func finish() -> [KeyEvent] {
    conclude()
    return takeEvents()
  }

  private func nextDeadline(_ now: Duration) -> Duration? {
    switch state {
    case .ground, .alt: nil
    case .escape, .csi, .consoleKey, .mouse, .ss3: now + escapeTimeout
    // Nobody can tell alt-] from the start of a string before its first character.
    case .string: sequence.count == 2 ? now + escapeTimeout : stringDeadline
    case .stringEscape: stringDeadline
    case .paste, .skip: now + Self.patience
    }
  }

  private mutating func expire(_ now: Duration) {
    if let deadline, deadline <= now { conclude() }
  }

  private mutating func conclude() {
    deadline = nil
    switch state {
    case .ground, .alt:
      if utf8.isPending { append("\u{FFFD}") }
      utf8 = UTF8Decoder()
    case .escape: emit(.key(.escape))
    case .string where sequence.count == 2:
      emit(.key(.character(Character(Unicode.Scalar(sequence[1]))), .alt))
    case .csi, .consoleKey, .mouse, .ss3, .string, .stringEscape: emit(.unknown(sequence))
    case .paste: emit(.paste(paste.take()))
    case .skip: paste = PasteCollector()
    }
    reset()
  }

  private mutating func takeEvents() -> [KeyEvent] {
    flushText()
    defer { events = [] }
    return events
  }

  private mutating func reset() {
    state = .ground
    sequence = []
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    text.unicodeScalars.append(0x80...0x9F ~= scalar.value ? "\u{FFFD}" : scalar)
  }

  private mutating func emit(_ event: KeyEvent) {
    if case .text(let more) = event {
      return text.unicodeScalars.append(contentsOf: more.unicodeScalars)
    }
    flushText()
    events.append(event)
  }

  private mutating func flushText() {
    guard !text.isEmpty else { return }
    events.append(.text(text))
    text = ""
  }
}

// What one byte does in each state.
extension KeyDecoder {
  private mutating func take(_ byte: UInt8, _ now: Duration) {
    switch state {
    case .ground: takeInGround(byte)
    case .escape: takeAfterEscape(byte, now)
    case .alt: takeInAlt(byte)
    case .paste: takeInPaste(byte)
    case .skip:
      if paste.feed(byte) == .ended {
        paste = PasteCollector()
        reset()
      } else {
        paste.discard()
      }
    case .csi, .consoleKey, .mouse, .ss3, .string, .stringEscape: takeInSequence(byte, now)
    }
  }

  private mutating func takeInGround(_ byte: UInt8) {
    if utf8.isPending || byte >= 0x80 {
      switch utf8.feed(byte) {
      case .more: break
      case .scalar(let scalar): append(scalar)
      case .invalid: append("\u{FFFD}")
      case .invalidBefore:
        append("\u{FFFD}")
        takeInGround(byte)
      }
    } else if byte == 0x1B {
      state = .escape
      sequence = [byte]
    } else if byte < 0x20 || byte == 0x7F {
      emit(.key(Self.controlKey(byte).key, Self.controlKey(byte).modifiers))
    } else {
      append(Unicode.Scalar(byte))
    }
  }

  private mutating func takeAfterEscape(_ byte: UInt8, _ now: Duration) {
    switch byte {
    case 0x1B: emit(.key(.escape))
    case 0x18, 0x1A: abandon(including: byte)
    case UInt8(ascii: "["): begin(.csi, byte)
    case UInt8(ascii: "O"): begin(.ss3, byte)
    case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"),
      UInt8(ascii: "_"):
      begin(.string, byte)
      stringDeadline = now + Self.patience
    case 0x00..<0x20, 0x7F:
      let control = Self.controlKey(byte)
      emit(.key(control.key, control.modifiers.union(.alt)))
      reset()
    case 0x80...:
      state = .alt
      takeInAlt(byte)
    default:
      emit(.key(.character(Character(Unicode.Scalar(byte))), .alt))
      reset()
    }
  }

  private mutating func takeInAlt(_ byte: UInt8) {
    let step = utf8.feed(byte)
    guard step != .more else { return }
    reset()
    switch step {
    case .scalar(let scalar) where scalar.value > 0x9F:
      emit(.key(.character(Character(scalar)), .alt))
    case .invalidBefore:
      append("\u{FFFD}")
      takeInGround(byte)
    default: append("\u{FFFD}")
    }
  }

  private mutating func takeInPaste(_ byte: UInt8) {
    switch paste.feed(byte) {
    case .more: break
    case .ended:
      emit(.paste(paste.take()))
      reset()
    case .full:
      // What follows would be keys otherwise, and each of its lines would be submitted.
      emit(.paste(paste.take()))
      state = .skip
    }
  }

  private mutating func takeInSequence(_ byte: UInt8, _ now: Duration) {
    switch (state, byte) {
    case (.stringEscape, UInt8(ascii: "\\")): abandon(including: byte)
    case (.stringEscape, _):
      sequence.removeLast()
      abandon()
      begin(.escape, 0x1B)
      takeAfterEscape(byte, now)
    case (.string, 0x1B):
      sequence.append(byte)
      state = .stringEscape
    case (_, 0x1B):
      abandon()
      begin(.escape, byte)
    case (_, 0x18), (_, 0x1A), (.string, 0x07): abandon(including: byte)
    case (.string, _): if sequence.count < Self.stringLimit { sequence.append(byte) }
    case (.mouse(let missing), _):
      sequence.append(byte)
      if missing == 1 { abandon() } else { state = .mouse(missing: missing - 1) }
    case (_, 0x00..<0x20), (_, 0x7F...):
      // No part of any sequence: the sequence is broken, but this key is not.
      abandon()
      takeInGround(byte)
    case (.csi, 0x20..<0x40), (.ss3, 0x30..<0x40):
      if sequence.count <= Self.sequenceLimit { sequence.append(byte) }
    case (.csi, UInt8(ascii: "[")) where sequence.count == 2: begin(.consoleKey, byte)
    case (.csi, UInt8(ascii: "M")) where sequence.count == 2: begin(.mouse(missing: 3), byte)
    default: complete(byte)
    }
  }

  private mutating func begin(_ next: State, _ byte: UInt8) {
    state = next
    sequence.append(byte)
  }

  private mutating func abandon(including byte: UInt8) {
    sequence.append(byte)
    abandon()
  }

  private mutating func abandon() {
    emit(.unknown(sequence))
    reset()
  }

  /// Takes the last byte of a sequence.
  private mutating func complete(_ byte: UInt8) {
    guard sequence.count < Self.sequenceLimit else { return abandon() }
    sequence.append(byte)
    let isConsoleKey = state == .consoleKey
    let isSingleShift = state == .ss3
    if isConsoleKey, UInt8(ascii: "A")...UInt8(ascii: "E") ~= byte {
      emit(.key(.function(Int(byte) - 0x40)))
      return reset()
    }
    guard !isConsoleKey, let parsed = ControlSequence(sequence[2...]) else { return abandon() }
    if !isSingleShift, parsed.beginsPaste {
      reset()
      state = .paste
      return
    }
    guard let event = isSingleShift ? parsed.singleShiftEvent : parsed.event else {
      return abandon()
    }
    reset()
    emit(event)
  }

  private static func controlKey(_ byte: UInt8) -> (key: Key, modifiers: KeyModifiers) {
    switch byte {
    case 0x00: (.character(" "), .control)
    case 0x08, 0x7F: (.backspace, [])
    case 0x09: (.tab, [])
    case 0x0D: (.enter, [])
    case 0x1B: (.escape, [])
    case 0x01..<0x1B: (.character(Character(Unicode.Scalar(byte | 0x60))), .control)
    default: (.character(Character(Unicode.Scalar(byte | 0x40))), .control)
    }
  }
}
