internal import CFluvial
internal import CTerminalGuard
internal import Glibc

/// A transport over a terminal.
///
/// Binds `uv_tty_t`.
///
/// The terminal is opened anew by name, so that the descriptor it came from stays blocking and inheritable. One that
/// ``EventLoop/openTTY(_:makeProtocol:)`` opened has modes, and tells a ``TerminalProtocol`` of its size, of stops and of
/// resuming. While a mode is set, the terminal is put back however the program ends: return, `exit`, SIGINT, SIGTERM and
/// SIGHUP unless the program watches them, and crashes. Only SIGKILL, `_exit` and a power cut cannot be covered;
/// `stty sane; printf '\e[?2004l\e[?25h\e[0m'` repairs the terminal after those.
public final class TTYTransport: StreamTransport {
  /// Whether the terminal is this transport's to change.
  var isOwner = false
  /// What the program asked for, also while suspended.
  var wantedMode = TerminalMode.cooked
  /// How many `withMode` scopes are open.
  var scopes = 0
  var lastSize: TerminalSize?
  var watchers: [SignalHandle] = []
  var stopWatcher: SignalHandle?
  var retry: ScheduledCall?
  /// When a stop of our own ended: the SIGCONT that ended it is still to be reported.
  var lastStop: LoopClock.Instant?

  /// Whether the terminal is somebody else's at the moment: during a stop, and in the background.
  ///
  /// Nothing is read then, and nothing should be written.
  public internal(set) var isSuspended = false

  /// Wraps a descriptor of a terminal, which belongs to the transport from now on, also when this throws.
  ///
  /// Throws ``UVError/notATerminal``.
  package init(adopting descriptor: Int32, on loop: EventLoop) throws(UVError) {
    guard fluv_descriptor_kind(descriptor) == FLUV_KIND_TTY else {
      fluv_descriptor_close(descriptor)
      throw UVError(code: UVError.notATerminal.code, context: "descriptor \(descriptor)")
    }
    try super.init(adopting: descriptor, kind: FLUV_KIND_TTY, on: loop)
    // libuv works on a descriptor of its own.
    fluv_descriptor_close(descriptor)
  }

  /// Makes the terminal open as `descriptor`, which stays the caller's, the one that this process may change.
  init(owning descriptor: Int32, on loop: EventLoop) throws(UVError) {
    let context = "terminal of descriptor \(descriptor)"
    // Before anything is opened: the guard notes the flags as they are.
    try UVError.check(ftg_attach(descriptor), context)
    do {
      let opened = ftg_open(descriptor)
      try UVError.check(opened, context)
      try super.init(adopting: opened, kind: FLUV_KIND_TTY, on: loop)
      fluv_descriptor_close(opened)
    } catch {
      ftg_detach()
      throw error
    }
    isOwner = true
    do { try watch() } catch {
      abort()
      throw error
    }
  }

  private func watch() throws(UVError) {
    try UVError.check(ftg_handle_termination(true), "signals that end the program")
    lastSize = windowSize
    watchers = [
      try SignalHandle(number: SIGWINCH, on: loop) { [weak self] in self?.sizeMayHaveChanged() },
      try SignalHandle(number: SIGCONT, on: loop) { [weak self] in self?.didContinue() },
    ]
  }

  // MARK: Size

  /// How many characters the window shows.
  ///
  /// Where the terminal does not know, `COLUMNS` and `LINES` say it, else it is 80 by 24.
  public var windowSize: TerminalSize {
    var columns: Int32 = 0
    var rows: Int32 = 0
    if let handle = unsafe handle, unsafe fluv_stream_window(handle, &columns, &rows) < 0 {
      columns = 0
      rows = 0
    }
    var environment: [String: String] = [:]
    for name in ["COLUMNS", "LINES"] {
      if let value = unsafe getenv(name) { environment[name] = unsafe String(cString: value) }
    }
    return TerminalSize(columns: Int(columns), rows: Int(rows)).resolved(environment: environment)
  }

  func sizeMayHaveChanged() {
    guard phase == .open, !isSuspended else { return }
    let size = windowSize
    guard size != lastSize else { return }
    lastSize = size
    terminalProtocol?.windowSizeChanged(size)
  }

  var terminalProtocol: (any TerminalProtocol)? { proto as? any TerminalProtocol }

  // MARK: Reading and the end

  /// Whether data is being delivered.
  public override var isReading: Bool { super.isReading && !isSuspended }

  override func finish() {
    if isOwner {
      isOwner = false
      for watcher in watchers { watcher.close() }
      stopWatcher?.close()
      retry?.cancel()
      ftg_detach()
    }
    super.finish()
  }
}

extension EventLoop {
  /// Opens the terminal that `descriptor` is on, and puts a protocol object on it.
  ///
  /// The descriptor stays the caller's and as it is: 0, unless told otherwise, goes on to work for everybody else. A process
  /// has one terminal at a time: a second call throws ``UVError/terminalBusy`` until the first transport is closed. Throws
  /// ``UVError/notATerminal``. Waits for the loop's turn only, which cancellation does not shorten. Binds `uv_tty_init`.
  public func openTTY<P: StreamProtocol>(
    _ descriptor: Int32 = 0, makeProtocol: sending @escaping () -> P
  ) async throws -> LoopBound<(transport: TTYTransport, protocol: P)> {
    let factory = LoopBound(handingOver: makeProtocol, to: self)
    return try await onLoop { loop throws(UVError) in
      let transport = try TTYTransport(owning: descriptor, on: loop)
      let proto = factory.value()
      transport.start(proto)
      return LoopBound((transport: transport, protocol: proto), on: loop)
    }
  }
}
