import ChatWire
import Fluvial
import Glibc

/// The one owner of the room: an actor that lives on the event loop.
///
/// A connection's task calls it without a thread switch, and what it does it does to the end
/// before anybody else gets in: all lines have one order, the same for everybody.
actor RoomKeeper {
  nonisolated let loop: EventLoop
  nonisolated let limits: ChatLimits
  nonisolated let log: (@Sendable (String) -> Void)?
  private var room: Room<ConnectionSink>
  private var guests: [MemberID: Guest] = [:]
  private let start: LoopClock.Instant
  /// Wakes the room up when something is due in it.
  private var alarm: (call: ScheduledCall, due: Duration)?
  private var isShutDown = false

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  /// A connection, and how much of it was waiting to be read at the last look.
  private struct Guest {
    let reader: StreamReader
    var waiting = 0
  }

  /// What becomes of a line.
  enum Outcome {
    case done
    /// Bring it again after so long, and read nothing meanwhile.
    case wait(Duration)
    /// The connection has ended.
    case ended
  }

  init(loop: EventLoop, limits: ChatLimits, log: (@Sendable (String) -> Void)?) {
    self.loop = loop
    self.limits = limits
    self.log = log
    start = loop.clock.now
    var room = Room<ConnectionSink>(limits: limits)
    if let log { room.onEvent = { log("\($0)") } }
    self.room = room
  }

  /// Greets a connection; nil if it was refused, and closed.
  func open(_ reader: StreamReader, _ writer: StreamWriter) -> MemberID? {
    let sink = ConnectionSink(writer, limits: limits)
    guard !isShutDown else {
      sink.end(.flush)
      return nil
    }
    // Connections over a unix socket have no address to be counted by.
    let peer = writer.remoteAddress
    let address = peer?.family == .unix ? nil : peer?.host
    guard let id = room.open(sink, from: address, at: now) else { return nil }
    guests[id] = Guest(reader: reader)
    watch()
    return id
  }

  /// Counts a line that has come, and acts on it unless it has to wait.
  func take(_ line: [UInt8], from id: MemberID) -> Outcome {
    // The newline was sent too.
    guard let wait = room.admit(bytes: line.count + 1, from: id, at: now) else { return .ended }
    return wait > .zero ? .wait(wait) : act(on: line, from: id) ? .done : .ended
  }

  /// Acts on a line that has waited; returns whether the connection goes on.
  func act(on line: [UInt8], from id: MemberID) -> Bool {
    defer { watch() }
    return room.receive(line, from: id, at: now)
  }

  /// Answers a line that was too long; returns whether the connection goes on.
  func takeOverrun(from id: MemberID) -> Bool {
    defer { watch() }
    return room.receiveTooLong(from: id, at: now)
  }

  /// Ends a connection, if the room has not ended it already.
  func leave(_ id: MemberID, _ reason: LeaveReason) {
    guests[id] = nil
    room.leave(id, reason, at: now)
  }

  /// Says good-bye to everybody; from now on nobody is let in.
  func shutDown() {
    guard !isShutDown else { return }
    isShutDown = true
    alarm?.call.cancel()
    alarm = nil
    room.shutDown(at: now)
  }

  private var now: Moment {
    Moment(uptime: start.duration(to: loop.clock.now), unixTime: time(nil))
  }

  // MARK: What is due

  /// Sees to it that the room is looked at before anything can be due that began just now.
  private func watch() {
    let soonest = now.uptime + min(limits.helloWait, limits.pingSilence)
    if isShutDown || alarm.map({ $0.due <= soonest }) == true { return }
    setAlarm(for: soonest)
  }

  private func setAlarm(for due: Duration) {
    alarm?.call.cancel()
    let call = loop.schedule(at: start.advanced(by: due)) { [weak self] in
      self?.assumeIsolated { $0.tick() }
    }
    alarm = (call, due)
  }

  private func tick() {
    alarm = nil
    // A line that is typed slowly is a sign of life as well, although no task has seen it yet.
    for (id, guest) in guests {
      let waiting = guest.reader.bufferedCount
      guard waiting != guest.waiting else { continue }
      guests[id]?.waiting = waiting
      room.heard(from: id, at: now)
    }
    if let due = room.tick(at: now) { setAlarm(for: due) }
  }
}
