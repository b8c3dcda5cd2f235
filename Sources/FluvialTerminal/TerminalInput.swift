internal import FluvialPrimitives
internal import FluvialTransports

extension Terminal {
  /// What is typed, key by key.
  ///
  /// Reading begins with the first wait and ends when the sequence and its iterators are gone. One reader at a time: a
  /// second one gets ``/FluvialTransports/UVError/terminalBusy``. Ends when the terminal is closed or gone. A wait that is cancelled loses no
  /// key.
  public var keys: Keys { keys() }

  /// What is typed, key by key; an escape is the key when nothing follows it for `escapeTimeout`.
  ///
  /// As ``keys``, for terminals at the end of slow lines. See ``KeyDecoder/init(escapeTimeout:)``.
  public func keys(escapeTimeout: Duration = .milliseconds(50)) -> Keys {
    Keys(
      feed: InputFeed(core) { core, mailbox in
        EventSink(on: core, escapeTimeout: escapeTimeout, into: mailbox, key: { $0 }, change: nil)
      })
  }

  /// Keys, and what else happens to the terminal, in order: all that a program needs which draws the whole screen.
  ///
  /// As ``keys``. What ``changes`` has is in it too, from the first wait on.
  public func events(escapeTimeout: Duration = .milliseconds(50)) -> Events {
    Events(
      feed: InputFeed(core) { core, mailbox in
        EventSink(
          on: core, escapeTimeout: escapeTimeout, into: mailbox, key: { .key($0) },
          change: { .change($0) })
      })
  }

  /// What is typed, byte by byte, before any decoding.
  ///
  /// As ``keys``.
  public var bytes: Bytes { Bytes(feed: InputFeed(core) { ByteSink(on: $0, into: $1) }) }

  /// The keys of a terminal; see ``Terminal/keys``.
  public struct Keys: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let feed: InputFeed<KeyEvent>

    /// The next key, or nil at the end.
    ///
    /// Throws `UVError.terminalBusy` when somebody else reads the terminal. Cancelled while it waits, it has taken nothing.
    public func next() async throws -> KeyEvent? { try await feed.next() }

    /// The next key, or nil at the end.
    ///
    /// Throws `UVError.terminalBusy` when somebody else reads the terminal. Cancelled while it waits, it has taken nothing.
    public func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> KeyEvent? {
      try await feed.next()
    }

    /// The view itself: it has no place of its own.
    public func makeAsyncIterator() -> Keys { self }
  }

  /// The events of a terminal; see ``Terminal/events(escapeTimeout:)``.
  public struct Events: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let feed: InputFeed<TerminalEvent>

    /// The next event, or nil at the end.
    ///
    /// Throws `UVError.terminalBusy` when somebody else reads the terminal. Cancelled while it waits, it has taken nothing.
    public func next() async throws -> TerminalEvent? { try await feed.next() }

    /// The next event, or nil at the end.
    ///
    /// Throws `UVError.terminalBusy` when somebody else reads the terminal. Cancelled while it waits, it has taken nothing.
    public func next(isolation actor: isolated (any Actor)?) async throws(any Error)
      -> TerminalEvent?
    { try await feed.next() }

    /// The view itself: it has no place of its own.
    public func makeAsyncIterator() -> Events { self }
  }

  /// The bytes of a terminal; see ``Terminal/bytes``.
  public struct Bytes: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let feed: InputFeed<[UInt8]>

    /// The next bytes, or nil at the end.
    ///
    /// Throws `UVError.terminalBusy` when somebody else reads the terminal. Cancelled while it waits, it has taken nothing.
    public func next() async throws -> [UInt8]? { try await feed.next() }

    /// The next bytes, or nil at the end.
    ///
    /// Throws `UVError.terminalBusy` when somebody else reads the terminal. Cancelled while it waits, it has taken nothing.
    public func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> [UInt8]? {
      try await feed.next()
    }

    /// The view itself: it has no place of its own.
    public func makeAsyncIterator() -> Bytes { self }
  }

  /// What happens to a terminal; see ``Terminal/changes``.
  public struct Changes: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let mailbox: Mailbox<TerminalChange>

    /// The next change, or nil at the end.
    ///
    /// Throws nothing but `CancellationError`; cancelled while it waits, it has taken nothing.
    public func next() async throws -> TerminalChange? { try await mailbox.next() }

    /// The next change, or nil at the end.
    ///
    /// Throws nothing but `CancellationError`; cancelled while it waits, it has taken nothing.
    public func next(isolation actor: isolated (any Actor)?) async throws(any Error)
      -> TerminalChange?
    { try await mailbox.next() }

    /// The view itself: it has no place of its own.
    public func makeAsyncIterator() -> Changes { self }
  }
}

/// What the iterators of one sequence of input share; reading ends with it.
final class InputFeed<Element: Sendable>: Sendable {
  /// Reading pauses while so many elements wait for the program.
  static var limit: Int { 4096 }

  private let core: LoopBound<TerminalCore>
  private let mailbox = Mailbox<Element>()
  private let makeSink: @Sendable (TerminalCore, Mailbox<Element>) -> any TerminalSink
  private let sink = Lock<LoopBound<any TerminalSink>?>(nil)

  init(
    _ core: LoopBound<TerminalCore>,
    makeSink: @escaping @Sendable (TerminalCore, Mailbox<Element>) -> any TerminalSink
  ) {
    self.core = core
    self.makeSink = makeSink
  }

  deinit {
    guard let sink = sink.withLock({ $0 }) else { return }
    // At once where that can be: the next reader may be waiting already.
    if core.loop.isCurrent { return core.value.detach(sink.value) }
    // After the loop's end nobody reads anyway.
    core.loop.execute { [core] in if core.loop.isCurrent { core.value.detach(sink.value) } }
  }

  func next() async throws -> Element? {
    if sink.withLock({ $0 == nil }) {
      try await core.loop.onLoop { [self] loop throws(UVError) in try attach(on: loop) }
    }
    let element = try await mailbox.next()
    if mailbox.count == Self.limit / 2 {
      core.loop.execute { [core] in if core.loop.isCurrent { core.value.resumeReading() } }
    }
    return element
  }

  private func attach(on loop: EventLoop) throws(UVError) {
    guard sink.withLock({ $0 == nil }) else { return }
    let made = makeSink(core.value, mailbox)
    try core.value.attach(made)
    sink.withLock { $0 = LoopBound(made, on: loop) }
  }
}

private final class EventSink<Event: Sendable>: TerminalSink {
  private let source: KeySource
  private let mailbox: Mailbox<Event>
  private let change: ((TerminalChange) -> Event)?

  /// Without `change` only keys are passed on.
  init(
    on core: TerminalCore, escapeTimeout: Duration, into mailbox: Mailbox<Event>,
    key: @escaping (KeyEvent) -> Event, change: ((TerminalChange) -> Event)?
  ) {
    self.mailbox = mailbox
    self.change = change
    source = KeySource(on: core.loop, escapeTimeout: escapeTimeout) { [weak core] keys in
      for event in keys { mailbox.put(key(event)) }
      if mailbox.count >= InputFeed<Event>.limit { core?.transport?.pauseReading() }
    }
  }

  func received(_ bytes: Span<UInt8>) { source.feed(bytes) }

  func ended() {
    source.finish()
    mailbox.end()
  }

  func sizeChanged(_ size: TerminalSize) { put(.resized(size)) }

  func willSuspend(mayWrite: Bool) { put(.suspended) }

  func didResume() { put(.resumed) }

  private func put(_ news: TerminalChange) {
    if let change { mailbox.put(change(news)) }
  }
}

private final class ByteSink: TerminalSink {
  private weak var core: TerminalCore?
  private let mailbox: Mailbox<[UInt8]>

  init(on core: TerminalCore, into mailbox: Mailbox<[UInt8]>) {
    self.core = core
    self.mailbox = mailbox
  }

  func received(_ bytes: Span<UInt8>) {
    mailbox.put(unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) })
    if mailbox.count >= InputFeed<[UInt8]>.limit { core?.transport?.pauseReading() }
  }

  func ended() { mailbox.end() }
}
