internal import FluvialPrimitives
internal import FluvialTransports

extension Terminal {
  /// What is typed, key by key.
  ///
  /// Reading begins with the first wait and ends when the sequence and its iterators are gone. One reader at a time: a
  /// second one gets ``/FluvialTransports/UVError/terminalBusy``. Ends when the terminal is closed or gone. A wait that is cancelled loses no
  /// key.
  public var keys: Keys { Keys(feed: InputFeed(core) { KeySink(on: $0, into: $1) }) }

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
      core.loop.execute { [core] in if core.loop.isCurrent { core.value.transport?.resumeReading() }
      }
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

private final class KeySink: TerminalSink {
  private let source: KeySource
  private let mailbox: Mailbox<KeyEvent>

  init(on core: TerminalCore, into mailbox: Mailbox<KeyEvent>) {
    self.mailbox = mailbox
    source = KeySource(on: core.loop) { [weak core] keys in
      for key in keys { mailbox.put(key) }
      if mailbox.count >= InputFeed<KeyEvent>.limit { core?.transport?.pauseReading() }
    }
  }

  func received(_ bytes: Span<UInt8>) { source.feed(bytes) }

  func ended() {
    source.finish()
    mailbox.end()
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
