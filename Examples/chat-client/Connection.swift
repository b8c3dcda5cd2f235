import ChatWire
import Fluvial
import FluvialTerminal

/// The client's side of the connection: joins, shows what arrives, and comes back when it breaks.
///
/// An actor on the loop, so that the task that types and the one that listens take turns without leaving its thread.
actor Connection {
  /// offline -> joining -> joined; offline from anywhere.
  private enum Phase { case offline, joining, joined }

  /// What became of a line.
  enum Sending { case sent, notConnected, busy }

  private let settings: Settings
  private let prompt: Prompt
  private let people: People
  private let loop: EventLoop
  private let hosting: Hosting
  private var display: Display
  private var phase = Phase.offline
  private var writer: StreamWriter?
  private var me: UserName
  private var retry: NameRetry
  private var wasJoined = false
  private var isLeaving = false
  private var waitsForName = false
  private var wondersWho = false
  private var lastRefusal: String?
  private var joinWaiters: [CheckedContinuation<Void, Never>] = []
  private var pacer: LinePacer
  private var pacing: Task<Void, Never>?
  /// The pause before the next attempt to connect.
  private var waiting: Task<Void, Never>?
  /// A script's lines: a little slower than what a server takes for a flood.
  private var turns: TokenBucket

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  private static let patience = Duration.seconds(15)
  private static let lineLimit = 1 << 20
  /// How much is shown of a line that is longer than that.
  private static let shownPart = 4096

  init(
    _ settings: Settings, name: UserName, prompt: Prompt, people: People, hosting: Hosting,
    on loop: EventLoop
  ) {
    self.hosting = hosting
    self.settings = settings
    self.prompt = prompt
    self.people = people
    self.loop = loop
    me = name
    retry = NameRetry(wanted: name.text)
    display = Display(prompt, clock: loop.clock, ringsBell: settings.ringsBell)
    pacer = LinePacer(at: Self.now(loop))
    turns = TokenBucket(capacity: 8, rate: 4, at: Self.now(loop))
  }

  // MARK: Connecting

  /// Stays connected until the user leaves or there is nothing to come back to.
  func run() async throws -> Ending {
    defer { releaseWaiters() }
    var backoff = Backoff()
    var random = SystemRandomNumberGenerator()
    while true {
      var lasted = Duration.zero
      var failure: (any Error)?
      do {
        let (reader, writer) = try await connect()
        let began = loop.clock.now
        do { try await converse(reader, writer) } catch { failure = error }
        lasted = began.duration(to: loop.clock.now)
      } catch { failure = error }
      if isLeaving { return .finished }
      switch failure {
      case let ending as Ending: return ending
      case is CancellationError: return .finished
      default: break
      }
      if !wasJoined, prompt.kind == .batch || lasted == .zero { return refusal(failure) }
      guard settings.reconnects, prompt.kind != .batch else { return lost(failure) }
      let pause = backoff.next(afterConnected: lasted, using: &random)
      if lasted > .zero {
        display.complain(ClientWords.connectionLost(reconnectingIn: pause))
      } else {
        display.note(
          "still no connection; trying again in \(pause.roundedSeconds) s, or at once with Enter")
      }
      await wait(for: pause)
      try Task.checkCancellation()
    }
  }

  /// Waits before the next attempt, until ``hurry()`` at most.
  private func wait(for pause: Duration) async {
    let waiting = Task(executorPreference: loop.taskExecutor) { [clock = loop.clock] in
      // Cut short or not: what comes next is the same.
      _ = try? await clock.sleep(for: pause)
    }
    self.waiting = waiting
    defer { self.waiting = nil }
    await withTaskCancellationHandler {
      await waiting.value
    } onCancel: {
      waiting.cancel()
    }
  }

  /// Tries to connect at once, if there is a pause before the next attempt: somebody is at the keyboard.
  ///
  /// The pauses go on growing all the same.
  func hurry() { waiting?.cancel() }

  private func connect() async throws -> (StreamReader, StreamWriter) {
    let (host, port) = (settings.host, settings.port)
    do {
      return try await withTimeout(Self.patience) {
        try await openConnection(host: host, port: port, limit: Self.lineLimit)
      }
    } catch let error as StreamError
      where error.cause == .connectionRefused && mayHost
    {
      await hosting.begin(host: host, port: port, on: loop, prompt)
      return try await openConnection(host: host, port: port, limit: Self.lineLimit)
    }
  }

  /// Only before there ever was a server, and not for a script, which would talk to itself.
  private var mayHost: Bool { settings.mayHost && !wasJoined && prompt.kind != .batch }

  private func refusal(_ failure: (any Error)?) -> Ending {
    let isRefused = (failure as? StreamError)?.cause == .connectionRefused
    let reason =
      lastRefusal
      ?? (isRefused
        ? "nobody listens there." : failure.map { "\($0)" } ?? "it closed the connection.")
    return .unavailable("cannot join the chat at \(settings.host) port \(settings.port): \(reason)")
  }

  private func lost(_ failure: (any Error)?) -> Ending {
    .unavailable("the connection was lost" + (failure.map { ": \($0)" } ?? "."))
  }

  // MARK: Listening

  private func converse(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    // A server that vanished without a word is noticed by the kernel.
    if let tcp = writer.transport?.value as? TCPTransport {
      do {
        try tcp.setKeepAlive(
          idle: .seconds(60), interval: .seconds(15), count: 4, timeout: .seconds(30))
      } catch {
        // One that has ended already is told by the next read.
        if error != .notConnected { display.complain("! keep-alive was refused: \(error)") }
      }
    }
    self.writer = writer
    phase = .joining
    defer {
      self.writer = nil
      phase = .offline
      stopAsking()
      writer.close()
    }
    say(hello(retry.wanted))
    while let line = try await nextLine(reader) {
      // A read that never has to wait does not notice that it was cancelled.
      try Task.checkCancellation()
      try await take(line)
    }
  }

  /// The next line; of one that is longer than anybody needs, only its beginning.
  private func nextLine(_ reader: StreamReader) async throws -> [UInt8]? {
    do {
      return try await reader.readLineBytes(maxLength: Self.lineLimit, overrun: .keep)
    } catch let error as StreamError where error.code == .limitOverrun {
      let start = try await reader.read(upTo: Self.shownPart)
      try await reader.skip(past: [UInt8(ascii: "\n")])
      display.complain("! a line of more than \(Self.lineLimit) bytes was cut")
      return start
    }
  }

  private func take(_ bytes: [UInt8]) async throws {
    let stamped = StampedLine(parsing: bytes)
    if case .ping(let token) = stamped.line {
      return say(.pong(token.prefix(utf8Limit: 256)))
    }
    await people.learn(from: stamped.line)
    if phase == .joining {
      guard try await join(stamped.line) else { return }
    } else if case .notice(let text) = stamped.line {
      noticeRename(text)
    }
    if isAloneNews(stamped.line) { return }
    display.show(stamped, me: me)
  }

  /// Whether a line is the answer to our own question who is there, and it is nobody else: the welcome has said so.
  private func isAloneNews(_ line: ServerLine) -> Bool {
    guard wondersWho, case .notice(let text) = line else { return false }
    let words = text.split(separator: " ")
    guard words.count > 1, words[1] == "online:" else { return false }
    wondersWho = false
    return words.count == 3 && me.isCalled(String(words[2]))
  }

  /// Whether the line is to be shown.
  private func join(_ line: ServerLine) async throws -> Bool {
    switch line {
    case .notice(let text) where text.hasPrefix("Welcome, "):
      joined(as: text.dropFirst("Welcome, ".count).prefix { $0 != "!" })
      return true
    case .notice(let text) where text.hasPrefix("chat ready"):
      // For people who came with nc.
      return false
    case .error(let error):
      lastRefusal = SafeText(sanitizing: error.text).plain
      guard [.badName, .nameTaken, .badRequest].contains(error.code) else { return true }
      try await refused(error)
      return true
    default: return true
    }
  }

  private func joined(as name: Substring) {
    phase = .joined
    wasJoined = true
    lastRefusal = nil
    retry.accepted()
    if let name = try? UserName(String(name)) { me = name }
    releaseWaiters()
    stopAsking()
    // Who is there: to be seen, and for completing names.
    if prompt.kind == .full {
      wondersWho = true
      say(.who)
    }
    display.begin()
  }

  private func refused(_ error: WireError) async throws {
    switch retry.refused(error.code, isReconnect: wasJoined) {
    case .connect(let name, let pause):
      try await loop.clock.sleep(for: pause)
      say(hello(name))
    case .ask:
      guard prompt.kind != .batch else {
        throw Ending.unavailable("the server refused the name: \(lastRefusal ?? "")")
      }
      waitsForName = true
      prompt.setText("another name: ", keepsHistory: false)
    }
  }

  /// After a change of our name the new one is what to come back with.
  private func noticeRename(_ text: String) {
    let words = text.split(separator: " ")
    guard words.count == 4, words[1] == "is", words[2] == "now", me.isCalled(String(words[0])),
      let new = try? UserName(String(words[3]))
    else { return }
    me = new
    retry.wanted = new.text
  }

  // MARK: Names

  /// Whether the next line that is typed is a name.
  var wantsName: Bool { waitsForName }

  /// Tries another name.
  func choose(_ spelling: String) {
    do {
      let name = try UserName(spelling)
      me = name
      retry = NameRetry(wanted: name.text)
      stopAsking()
      say(hello(name.text))
    } catch {
      display.complain("! bad name: \(error)")
    }
  }

  private func stopAsking() {
    guard waitsForName else { return }
    waitsForName = false
    prompt.setText("> ")
  }

  private func hello(_ name: String) -> ClientLine {
    .connect(name: name, options: [.ping, .time])
  }

  // MARK: Sending

  /// Waits until the server has let us in for the first time, or never will.
  func waitUntilJoined() async {
    guard !wasJoined, !isLeaving else { return }
    await withCheckedContinuation { joinWaiters.append($0) }
  }

  private func releaseWaiters() {
    let waiters = joinWaiters
    joinWaiters = []
    for waiter in waiters { waiter.resume() }
  }

  /// Hands a line over for sending, if it can be sent now; never waits.
  func send(_ line: String) -> Sending {
    guard phase == .joined, let writer else { return .notConnected }
    do {
      return try writer.tryWrite(Array((line + "\n").utf8)) ? .sent : .busy
    } catch { return .notConnected }
  }

  /// Sends a line of a script, when its turn has come and the server takes it.
  func sendInTurn(_ line: String) async throws {
    try await loop.clock.sleep(for: turns.take(at: Self.now(loop)))
    while true {
      switch send(line) {
      case .sent: return
      case .busy: try await writer?.drain()
      case .notConnected:
        throw Ending.unavailable("the connection was lost before everything was sent.")
      }
    }
  }

  /// Sends many lines, no faster than the server takes them; those that cannot be sent come back into the row.
  func sendSlowly(_ lines: [String]) {
    pacer.append(contentsOf: lines)
    guard pacing == nil else { return }
    pacing = Task(executorPreference: loop.taskExecutor) { await self.pace() }
  }

  private func pace() async {
    defer { pacing = nil }
    while true {
      switch pacer.step(at: Self.now(loop)) {
      case .idle: return
      case .wait(let pause):
        do { try await loop.clock.sleep(for: pause) } catch { return }
      case .send(let line):
        guard send(line) != .sent else { continue }
        let rest = [line] + pacer.cancel()
        display.complain(ClientWords.notConnected)
        prompt.reject(rest.joined(separator: "\n"))
        return
      }
    }
  }

  /// Says goodbye; returns whether there is an answer to wait for.
  func leave(saying line: String) -> Bool {
    isLeaving = true
    pacing?.cancel()
    guard phase != .offline, let writer else { return false }
    return (try? writer.tryWrite(Array((line + "\n").utf8))) ?? false
  }

  private func say(_ line: ClientLine) {
    guard let text = line.formatted else { return }
    // A server that does not read what it asked for gets no answer.
    _ = try? writer?.tryWrite(Array((text + "\n").utf8))
  }

  private static func now(_ loop: EventLoop) -> Duration { origin.duration(to: loop.clock.now) }

  private static let origin = EventLoop.shared.clock.now
}

extension Duration {
  /// Rounded up, because "in 0 s" says nothing.
  fileprivate var roundedSeconds: Int64 {
    components.seconds + (components.attoseconds > 0 ? 1 : 0)
  }
}
