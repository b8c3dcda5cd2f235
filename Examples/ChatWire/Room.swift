/// The chat room: who is here, under which name, and what everybody gets to read.
///
/// A value without socket, loop or clock, owned by whoever serves the connections. An operation
/// appends to the sinks of those concerned and returns; a reader whose sink is full is gone
/// before the operation ends, so nobody ever waits for anybody.
public struct Room<Sink: LineSink> {
  /// What the room allows.
  public let limits: ChatLimits

  /// Is told what happens, in the middle of an operation: it must not touch the room.
  public var onEvent: ((RoomEvent) -> Void)?

  var seats: [MemberID: Seat] = [:]
  var owners: [UserName: MemberID] = [:]
  private var connectionsByAddress: [String: Int] = [:]
  private var history: [EncodedLine] = []
  /// Who did not keep up with the operation that is going on.
  private var slow: [MemberID] = []
  private var lastNumber: UInt64 = 0

  struct Seat {
    let sink: Sink
    let address: String?
    let opened: Duration
    var flood: FloodGuard
    /// Nil until a CONNECT has succeeded.
    var name: UserName?
    var options: ConnectOptions = []
    var strikes = 0
    var heard: Duration
    var pinged: Duration?
  }

  /// Opens an empty room.
  public init(limits: ChatLimits = ChatLimits()) {
    self.limits = limits
  }

  /// How many connections there are, with a name or not yet.
  public var connectionCount: Int { seats.count }

  /// How many users are here.
  public var onlineCount: Int { owners.count }

  /// Who is here, in the order in which `/who` lists them.
  public var names: [UserName] { owners.keys.sorted { $0.key < $1.key } }

  /// Whether the connection goes on.
  public func contains(_ id: MemberID) -> Bool { seats[id] != nil }

  /// The name of a connection, once it has one.
  public func name(of id: MemberID) -> UserName? { seats[id]?.name }
}

extension Room {
  /// Greets a new connection.
  ///
  /// Returns nil, and ends the connection, if there are too many of them altogether or from the
  /// same address. A connection without an address, from a Unix socket, is not counted by it.
  public mutating func open(_ sink: Sink, from address: String?, at now: Moment) -> MemberID? {
    let sameAddress = address.map { connectionsByAddress[$0, default: 0] } ?? 0
    guard seats.count < limits.maxClients, sameAddress < limits.maxPerAddress else {
      let error = seats.count < limits.maxClients ? WireError.addressFull : .serverFull
      onEvent?(.refused(error, address: address))
      _ = sink.append(encode(.error(error), at: now).plain)
      sink.end(.flush)
      return nil
    }
    if let address { connectionsByAddress[address] = sameAddress + 1 }
    lastNumber += 1
    let id = MemberID(number: lastNumber)
    seats[id] = Seat(
      sink: sink, address: address, opened: now.uptime,
      flood: FloodGuard(limits: limits, at: now.uptime), heard: now.uptime)
    send(.greeting, to: id, at: now)
    dropTheSlow(at: now)
    return contains(id) ? id : nil
  }

  /// Ends a connection and tells the others, if it had a name.
  ///
  /// Does nothing if it has ended already, so that every way of ending may report it.
  public mutating func leave(_ id: MemberID, _ reason: LeaveReason, at now: Moment) {
    remove(id, reason, at: now)
    dropTheSlow(at: now)
  }

  /// Says good-bye to everybody and ends all connections.
  public mutating func shutDown(at now: Moment) {
    let line = encode(.shuttingDown, at: now)
    for seat in seats.values {
      let keptUp = seat.sink.append(line.bytes(for: seat.options))
      seat.sink.end(keptUp ? .flush : .reset)
    }
    seats = [:]
    owners = [:]
    connectionsByAddress = [:]
  }

  /// Does what is due: ends connections without a CONNECT, sends PING, ends those that are dead.
  ///
  /// Returns when something is due again; nil if nothing is, until somebody comes.
  public mutating func tick(at now: Moment) -> Duration? {
    var next: Duration?
    for id in Array(seats.keys) {
      guard let due = check(id, at: now) else { continue }
      next = min(next ?? due, due)
    }
    dropTheSlow(at: now)
    return next
  }

  /// Notes that bytes came from a connection, whether or not they make a line yet.
  public mutating func heard(from id: MemberID, at now: Moment) {
    seats[id]?.heard = now.uptime
    seats[id]?.pinged = nil
  }

  private mutating func check(_ id: MemberID, at now: Moment) -> Duration? {
    guard let seat = seats[id] else { return nil }
    guard seat.name != nil else {
      let due = seat.opened + limits.helloWait
      if now.uptime < due { return due }
      send(.error(.noConnect(within: limits.helloWait)), to: id, at: now)
      remove(id, .disconnected, at: now)
      return nil
    }
    guard seat.options.contains(.ping) else { return nil }
    if let pinged = seat.pinged {
      let due = pinged + limits.pingWait
      if now.uptime < due { return due }
      remove(id, .pingTimeout, at: now)
      return nil
    }
    let due = seat.heard + limits.pingSilence
    if now.uptime < due { return due }
    seats[id]?.pinged = now.uptime
    send(.ping("\(now.unixTime)"), to: id, at: now)
    return now.uptime + limits.pingWait
  }

  private mutating func remove(_ id: MemberID, _ reason: LeaveReason, at now: Moment) {
    guard let seat = seats.removeValue(forKey: id) else { return }
    if let address = seat.address, let count = connectionsByAddress[address] {
      connectionsByAddress[address] = count > 1 ? count - 1 : nil
    }
    seat.sink.end(reason.ending)
    onEvent?(.left(seat.name, reason, address: seat.address))
    // The name is free before anybody reads that its owner is gone.
    guard let name = seat.name else { return }
    owners[name] = nil
    broadcast(.left(name, reason), at: now)
  }
}

extension Room {
  /// Sends a line to everybody who has a name, and keeps it for those who come later.
  mutating func broadcast(_ line: ServerLine, except left: MemberID? = nil, at now: Moment) {
    // Formatted here, once; below it is only handed on.
    let line = encode(line, at: now)
    for (id, seat) in seats where seat.name != nil && id != left {
      if !seat.sink.append(line.bytes(for: seat.options)) { slow.append(id) }
    }
    history.append(line)
    if history.count > limits.history { history.removeFirst() }
  }

  mutating func send(_ line: ServerLine, to id: MemberID, at now: Moment) {
    deliver(encode(line, at: now), to: id)
  }

  mutating func replayHistory(to id: MemberID, at now: Moment) {
    if history.isEmpty { return }
    send(.historyMark, to: id, at: now)
    for line in history { deliver(line, to: id) }
    send(.historyMark, to: id, at: now)
  }

  /// Removes those who did not keep up.
  ///
  /// Every operation ends with it. The notices about them can be too much for yet others, who are
  /// then removed as well; each round takes one away, so it ends.
  mutating func dropTheSlow(at now: Moment) {
    while let id = slow.popLast() { remove(id, .tooSlow, at: now) }
  }

  private mutating func deliver(_ line: EncodedLine, to id: MemberID) {
    guard let seat = seats[id] else { return }
    if !seat.sink.append(line.bytes(for: seat.options)) { slow.append(id) }
  }

  private func encode(_ line: ServerLine, at now: Moment) -> EncodedLine {
    EncodedLine(line, unixTime: now.unixTime, limit: limits.maxServerLine)
  }
}

extension LeaveReason {
  /// Nothing can be flushed to those who do not read.
  fileprivate var ending: Ending {
    switch self {
    case .quit, .disconnected, .flood, .tooManyErrors: .flush
    case .connectionLost, .pingTimeout, .tooSlow: .reset
    }
  }
}
