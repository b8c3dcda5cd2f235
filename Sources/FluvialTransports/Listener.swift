internal import CFluvial

/// Listening sockets of our own under readiness polling; confined to the loop.
///
/// Not libuv's listener, which in 1.44 never returns to its loop while the process is out of descriptors. At most 16
/// connections a wake; when a resource is short, accepting pauses for 100 ms, doubling up to a second, and the rest waits
/// in the backlog.
public final class Listener: LoopResource {
  /// What a listener gives for each connection; the descriptor is the callback's from now on.
  package typealias OnAccept = (_ descriptor: Int32, _ peer: SocketAddress?) -> Void

  /// Where it listens, with the port that the system chose.
  public let address: SocketAddress

  private var descriptor: Int32
  private var poll: PollHandle?
  private var retry: ScheduledCall?
  private var backOff = Duration.milliseconds(100)
  private var isListening = false
  private var isHeld = false
  private let backlog: Int32
  private let unixFile: UnixSocketFile?
  package var onAccept: OnAccept?
  /// Asked before each connection, told of each that did not come after it said yes; nil: there is always room.
  package var room: AcceptRoom?
  /// Once for each pause.
  package var onShortage: ((UVError, Duration) -> Void)?
  /// At the end of each batch.
  package var onBatch: (() -> Void)?

  /// Takes over a bound socket.
  init(
    bound descriptor: consuming OwnedDescriptor, at address: SocketAddress, backlog: Int32,
    unixFile: UnixSocketFile?, on loop: EventLoop
  ) {
    loop.checkIsolated()
    self.descriptor = descriptor.take()
    self.address = address
    self.backlog = backlog
    self.unixFile = unixFile
    super.init(on: loop)
    loop.core.register(self)
  }

  /// Whether connections are accepted.
  public var isServing: Bool { isListening && descriptor >= 0 }

  /// Begins to accept; nothing when it does already.
  ///
  /// Throws ``UVError/addressInUse`` and what else the system reports.
  package func startServing() throws(UVError) {
    loop.checkIsolated()
    guard descriptor >= 0, !isListening else { return }
    try UVError.check(fluv_socket_listen(descriptor, backlog), "listen on \(address)")
    let me = LoopBound(self, on: loop)
    let poll = try PollHandle(descriptor: descriptor, on: loop) { status in
      if status != UVError.canceled.code { me.value.acceptBatch() }
    }
    self.poll = poll
    isListening = true
    try poll.start(readable: true)
  }

  /// Lets the log tell of each pause.
  package func warnOfShortages() {
    let place = address.description
    onShortage = { error, pause in
      Report.warning(
        "accepting paused", ["error": "\(error)", "address": place, "pause": "\(pause)"])
    }
  }

  /// While held, connections wait in the backlog.
  package func setHeld(_ held: Bool) {
    guard held != isHeld else { return }
    isHeld = held
    if held { poll?.stop() } else if retry == nil { poll.map(resumePolling) }
  }

  /// Accepts no more and removes a unix socket's file if it is still ours; nothing when closed already.
  public func close() {
    loop.checkIsolated()
    guard descriptor >= 0 else { return }
    poll?.close()
    poll = nil
    retry?.cancel()
    retry = nil
    unixFile?.removeIfOurs()
    fluv_descriptor_close(descriptor)
    descriptor = -1
    onAccept = nil
    room = nil
    onShortage = nil
    onBatch = nil
    loop.core.unregister(self)
  }

  package override func loopWillClose() { close() }

  // MARK: Accepting

  private static let batch = 16

  private func acceptBatch() {
    for _ in 0..<Self.batch {
      guard descriptor >= 0, !isHeld, let onAccept else { break }
      if let room, !room.take() {
        setHeld(true)
        break
      }
      var peer = fluv_address()
      let accepted = unsafe fluv_socket_accept(descriptor, &peer)
      if accepted >= 0 {
        backOff = .milliseconds(100)
        onAccept(accepted, SocketAddress(raw: peer))
        continue
      }
      room?.giveBack()
      let error = UVError(code: accepted)
      if error == .tryAgain { break }
      if Self.isShortage(error) {
        waitForResources(error)
        break
      }
      // The connection was gone before it was accepted, or a firewall forbids it: not the listener's end.
      if !Self.isTransient(error) { onShortage?(error, .zero) }
    }
    onBatch?()
  }

  private static func isShortage(_ error: UVError) -> Bool {
    [-24, -23, -12, -105].contains(error.code)
  }

  private static func isTransient(_ error: UVError) -> Bool {
    // ECONNABORTED, EINTR, EPROTO, and what Linux passes on from the new connection's network.
    [-103, -4, -71, -100, -92, -112, -64, -113, -95, -101].contains(error.code)
  }

  private func waitForResources(_ error: UVError) {
    poll?.stop()
    let pause = backOff
    backOff = min(backOff * 2, .seconds(1))
    let me = LoopBound(self, on: loop)
    retry = loop.schedule(after: pause) { me.value.retryAccepting() }
    onShortage?(error, pause)
  }

  private func retryAccepting() {
    retry = nil
    if !isHeld { poll.map(resumePolling) }
  }

  private func resumePolling(_ poll: PollHandle) {
    do { try poll.start(readable: true) } catch {
      onShortage?(error, .zero)
    }
  }
}

/// Who counts the connections that a listener may take.
package struct AcceptRoom {
  let take: () -> Bool
  let giveBack: () -> Void

  /// `take` counts one more, if there is room; `giveBack` counts it off again.
  package init(take: @escaping () -> Bool, giveBack: @escaping () -> Void) {
    self.take = take
    self.giveBack = giveBack
  }
}
