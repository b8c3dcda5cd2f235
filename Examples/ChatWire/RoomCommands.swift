// What a room does with the lines of its connections.
extension Room {
  /// Counts a line that has come, and tells how long to wait before `receive`.
  ///
  /// Meanwhile the caller reads nothing from that connection: TCP then slows the sender down, and
  /// nothing piles up here. Returns nil when the connection has ended.
  public mutating func admit(bytes: Int, from id: MemberID, at now: Moment) -> Duration? {
    heard(from: id, at: now)
    switch seats[id]?.flood.count(bytes: bytes, at: now.uptime) {
    case nil: return nil
    case .pass: return .zero
    case .wait(let wait, let isFirst):
      if isFirst { send(.error(.tooFast(linesPerSecond: limits.rate)), to: id, at: now) }
      dropTheSlow(at: now)
      return contains(id) ? wait : nil
    case .flooded:
      send(.error(.flooded), to: id, at: now)
      leave(id, .flood, at: now)
      return nil
    }
  }

  /// Acts on a line, given without its newline.
  ///
  /// Returns whether the connection goes on.
  public mutating func receive(_ line: [UInt8], from id: MemberID, at now: Moment) -> Bool {
    heard(from: id, at: now)
    guard let seat = seats[id] else { return false }
    do throws(WireError) {
      if let name = seat.name {
        try act(on: ClientLine(parsing: line, phase: .chatting), of: name, id, at: now)
      } else {
        try enter(with: ClientLine(parsing: line, phase: .connecting), id, at: now)
      }
    } catch {
      refuse(error, to: id, at: now)
    }
    dropTheSlow(at: now)
    return contains(id)
  }

  /// Answers a line over the limit, of which the caller has kept nothing.
  ///
  /// Returns whether the connection goes on.
  public mutating func receiveTooLong(from id: MemberID, at now: Moment) -> Bool {
    heard(from: id, at: now)
    refuse(.lineTooLong(limit: limits.maxLine), to: id, at: now)
    dropTheSlow(at: now)
    return contains(id)
  }

  private mutating func enter(
    with line: ClientLine, _ id: MemberID, at now: Moment
  ) throws(WireError) {
    switch line {
    case .blank: return
    case .connect(let spelling, let options):
      let name = try claim(spelling, for: id)
      owners[name] = id
      seats[id]?.name = name
      seats[id]?.options = options
      onEvent?(.joined(name, address: seats[id]?.address))
      send(.welcome(name, online: onlineCount), to: id, at: now)
      replayHistory(to: id, at: now)
      broadcast(.joined(name), except: id, at: now)
    case .malformed(let error): throw error
    default: throw .expectedConnect
    }
  }

  private mutating func act(
    on line: ClientLine, of name: UserName, _ id: MemberID, at now: Moment
  ) throws(WireError) {
    switch line {
    case .blank, .pong: return
    // The sender is among the readers: the line coming back is the confirmation, and everybody
    // sees the same order.
    case .text(let text): broadcast(.message(from: name.text, text: text), at: now)
    case .action(let text): broadcast(.action(name, text), at: now)
    case .message(let target, let text): try whisper(text, to: target, from: name, id, at: now)
    case .nick(let spelling): try rename(name, to: spelling, id, at: now)
    case .who: answer(ServerLine.online(names, limit: limits.maxServerLine), to: id, at: now)
    case .help: answer(ServerLine.help, to: id, at: now)
    case .ping(let token): send(.pong(token), to: id, at: now)
    case .quit(let reason): leave(id, .quit(reason), at: now)
    case .connect: throw .expectedConnect
    case .malformed(let error): throw error
    }
  }

  private mutating func whisper(
    _ text: String, to spelling: String, from name: UserName, _ id: MemberID, at now: Moment
  ) throws(WireError) {
    guard let wanted = try? UserName(spelling), let target = owners[wanted],
      let found = seats[target]?.name
    else { throw .noSuchUser(String(spelling.prefix(UserName.mostCharacters))) }
    send(.privateMessage(from: name.text, text: text), to: target, at: now)
    send(.privateCopy(to: found.text, text: text), to: id, at: now)
  }

  private mutating func rename(
    _ old: UserName, to spelling: String, _ id: MemberID, at now: Moment
  ) throws(WireError) {
    let new = try claim(spelling, for: id)
    if new.text == old.text {
      send(.unchanged(old), to: id, at: now)
      return
    }
    // Removed first: a name that changes only in case is equal to the old one.
    owners[old] = nil
    owners[new] = id
    seats[id]?.name = new
    onEvent?(.renamed(from: old, to: new))
    broadcast(.renamed(from: old, to: new), at: now)
  }

  /// The name, if it is valid and nobody else has it.
  private func claim(_ spelling: String, for id: MemberID) throws(WireError) -> UserName {
    let name: UserName
    do {
      name = try UserName(spelling)
    } catch {
      throw .badName(error)
    }
    if let owner = owners[name], owner != id { throw .nameTaken(name) }
    return name
  }

  private mutating func answer(_ lines: [ServerLine], to id: MemberID, at now: Moment) {
    for line in lines { send(line, to: id, at: now) }
  }

  private mutating func refuse(_ error: WireError, to id: MemberID, at now: Moment) {
    guard let seat = seats[id] else { return }
    send(.error(error), to: id, at: now)
    guard error.isStrike else { return }
    seats[id]?.strikes = seat.strikes + 1
    if seat.strikes + 1 >= limits.strikes { leave(id, .tooManyErrors, at: now) }
  }
}
