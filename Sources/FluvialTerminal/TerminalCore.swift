internal import FluvialPrimitives

/// What gets a terminal's bytes and news while it is attached; confined to the loop.
protocol TerminalSink: AnyObject {
  func received(_ bytes: Span<UInt8>)
  /// There will be no more bytes: the terminal is closed or gone.
  func ended()
  func sizeChanged(_ size: TerminalSize)
  func willSuspend(mayWrite: Bool)
  func didResume()
  func pauseWriting()
  func resumeWriting()
}

extension TerminalSink {
  func sizeChanged(_ size: TerminalSize) {}
  func willSuspend(mayWrite: Bool) {}
  func didResume() {}
  func pauseWriting() {}
  func resumeWriting() {}
}

/// The protocol object of a ``Terminal``: gives what comes to the one who reads; confined to the loop.
final class TerminalCore: TerminalProtocol {
  let loop: EventLoop
  let changes: Mailbox<TerminalChange>
  private(set) var transport: TTYTransport?
  private(set) var size = TerminalSize.fallback
  private var features: TerminalFeatures = []
  /// How many bodies of ``Terminal/withCooked(_:)`` are at work: somebody else reads then.
  private var lendings = 0
  private var sink: (any TerminalSink)?
  private let closed = OneShotWait<Bool>()

  init(on loop: EventLoop, changes: Mailbox<TerminalChange>) {
    self.loop = loop
    self.changes = changes
  }

  // MARK: Who reads

  /// Gives everything to `sink` until it is detached; nothing is read while nobody is attached.
  func attach(_ sink: any TerminalSink) throws(UVError) {
    guard self.sink == nil else {
      throw UVError(code: UVError.terminalBusy.code, context: "somebody reads the terminal already")
    }
    guard transport != nil else { return sink.ended() }
    self.sink = sink
    resumeReading()
  }

  /// Reads on, unless somebody else does at the moment.
  func resumeReading() {
    if lendings == 0 { transport?.resumeReading() }
  }

  func detach(_ sink: any TerminalSink) {
    guard self.sink === sink else { return }
    self.sink = nil
    transport?.pauseReading()
  }

  // MARK: Modes

  /// What a scope goes back to.
  struct Outer: Sendable {
    let mode: TerminalMode
    let features: TerminalFeatures
  }

  func beginScope(_ mode: TerminalMode, _ added: TerminalFeatures) throws(UVError) -> Outer {
    guard let transport else { throw UVError.notConnected }
    let outer = Outer(mode: transport.mode, features: features)
    try use(features.union(added))
    do { _ = try transport.beginScope(mode) } catch {
      try? use(outer.features)
      throw error
    }
    // An entry from no mode switches everything on; inside another mode only what is new has to be.
    if outer.mode != .cooked, mode != .cooked, !transport.isSuspended {
      write(features.subtracting(outer.features).onSequence)
    }
    return outer
  }

  func endScope(to outer: Outer) {
    guard let transport else { return }
    if outer.mode == .cooked {
      // The restore switches off what is on now.
      transport.endScope(to: outer.mode)
      try? use(outer.features)
      return
    }
    if transport.mode != .cooked, !transport.isSuspended {
      write(features.subtracting(outer.features).offSequence)
    }
    // Fails only when the terminal is gone.
    try? use(outer.features)
    transport.endScope(to: outer.mode)
  }

  /// Gives the terminal to somebody else, as it was found; ``takeBack(to:)`` ends that.
  func lend() throws(UVError) -> Outer {
    guard let transport else { throw UVError.notConnected }
    if lendings == 0 {
      willSuspend(mayWrite: true)
      transport.pauseReading()
    }
    lendings += 1
    do { return try beginScope(.cooked, []) } catch {
      lendings -= 1
      if lendings == 0 { isBack() }
      throw error
    }
  }

  func takeBack(to outer: Outer) {
    endScope(to: outer)
    lendings -= 1
    if lendings == 0 { isBack() }
  }

  private func isBack() {
    if sink != nil { resumeReading() }
    // In the background it is told when it comes to the front.
    if let transport, !transport.isSuspended { terminalDidResume() }
  }

  /// From now on these are switched on at every entry of a mode, and off at every way out.
  private func use(_ features: TerminalFeatures) throws(UVError) {
    try transport?.setSequences(
      on: features.onSequence, off: features.offSequence + Array(PromptScreen.offSequence.utf8))
    self.features = features
  }

  // MARK: Writing

  /// Writes, if the terminal is still there.
  func write(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    // Fails only when the terminal is closed or gone, of which the sink is told.
    try? transport?.write(bytes)
  }

  /// Calls `done` when everything was written, or after so many looks, 10 ms apart.
  func drain(looks: Int, _ done: OneShotWait<Bool>) {
    guard let transport, transport.writeBufferSize > 0, looks > 0 else {
      done.finish(true)
      return
    }
    let me = LoopBound(self, on: loop)
    loop.schedule(after: .milliseconds(10)) { me.value.drain(looks: looks - 1, done) }
  }

  func close() -> OneShotWait<Bool> {
    // What a stopped terminal has not taken by now it never will.
    transport?.abort()
    return closed
  }

  // MARK: From the transport

  func connectionMade(_ transport: any Transport) {
    guard let terminal = transport as? TTYTransport else { return }
    self.transport = terminal
    size = terminal.windowSize
    terminal.pauseReading()
    if let limits = try? WriteBufferLimits(low: 0, high: 8 * 1024) {
      terminal.writeBufferLimits = limits
    }
  }

  func dataReceived(_ bytes: Span<UInt8>) { sink?.received(bytes) }

  /// In a mode without lines this is a window that was closed; with lines it is ctrl-d.
  func eofReceived() -> EOFAction { .close }

  func connectionLost(_ error: (any Error)?) {
    transport = nil
    let last = sink
    sink = nil
    changes.end()
    closed.finish(true)
    last?.ended()
  }

  func pauseWriting() { sink?.pauseWriting() }

  func resumeWriting() { sink?.resumeWriting() }

  func windowSizeChanged(_ size: TerminalSize) {
    self.size = size
    sink?.sizeChanged(size)
    changes.put(.resized(size)) { if case .resized = $0 { true } else { false } }
  }

  func terminalWillSuspend(mayWrite: Bool) {
    if lendings == 0 { willSuspend(mayWrite: mayWrite) }
  }

  private func willSuspend(mayWrite: Bool) {
    sink?.willSuspend(mayWrite: mayWrite)
    changes.put(.suspended) { $0 == .suspended }
  }

  func terminalDidResume() {
    guard lendings == 0 else { return }
    if let transport { size = transport.windowSize }
    sink?.didResume()
    changes.put(.resumed) { $0 == .resumed }
  }
}
