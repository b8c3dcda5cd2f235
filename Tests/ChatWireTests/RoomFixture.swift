import ChatWire

/// A sink that keeps what it is given, up to a limit.
final class TestSink: LineSink {
  private(set) var lines: [[UInt8]] = []
  private(set) var endings: [Ending] = []
  var room = Int.max

  func append(_ line: [UInt8]) -> Bool {
    if line.count > room { return false }
    room -= line.count
    lines.append(line)
    return true
  }

  func end(_ ending: Ending) {
    endings.append(ending)
  }

  /// The lines since the last call, as text without newlines.
  func read() -> [String] {
    defer { lines = [] }
    return lines.map { String(decoding: $0.dropLast(), as: UTF8.self) }
  }
}

/// A room with a clock that moves when told, and its users by name.
final class RoomFixture {
  var room: Room<TestSink>
  var now = Moment(uptime: .zero, unixTime: 1_700_000_000)
  private(set) var sinks: [String: TestSink] = [:]
  private(set) var ids: [String: MemberID] = [:]

  init(limits: ChatLimits = ChatLimits()) {
    room = Room(limits: limits)
  }

  func wait(_ duration: Duration) {
    now.uptime += duration
    now.unixTime += Int(duration.components.seconds)
  }

  /// A connection that has said nothing yet and read the greeting; nil if it was refused.
  @discardableResult
  func open(_ label: String, from address: String? = nil) -> Bool {
    let sink = TestSink()
    sinks[label] = sink
    ids[label] = room.open(sink, from: address, at: now)
    return ids[label] != nil
  }

  /// A user who has read everything up to now.
  func join(_ name: String, options: String = "") {
    open(name)
    say("CONNECT \(name) \(options)", name)
    for sink in sinks.values { _ = sink.read() }
  }

  @discardableResult
  func say(_ line: String, _ label: String) -> Bool {
    say(Array(line.utf8), label)
  }

  @discardableResult
  func say(_ line: [UInt8], _ label: String) -> Bool {
    guard let id = ids[label] else { return false }
    return room.receive(line, from: id, at: now)
  }

  func admit(bytes: Int = 5, _ label: String) -> Duration? {
    guard let id = ids[label] else { return nil }
    return room.admit(bytes: bytes, from: id, at: now)
  }

  func sayTooLong(_ label: String) -> Bool {
    guard let id = ids[label] else { return false }
    return room.receiveTooLong(from: id, at: now)
  }

  func leave(_ label: String, _ reason: LeaveReason) {
    guard let id = ids[label] else { return }
    room.leave(id, reason, at: now)
  }

  func heard(_ label: String) {
    guard let id = ids[label] else { return }
    room.heard(from: id, at: now)
  }

  func read(_ label: String) -> [String] { sinks[label]?.read() ?? [] }

  func endings(_ label: String) -> [Ending] { sinks[label]?.endings ?? [] }
}
