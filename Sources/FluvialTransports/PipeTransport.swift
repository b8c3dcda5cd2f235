internal import CFluvial

/// A transport over a unix socket, a fifo, an anonymous pipe, or a file.
///
/// Binds `uv_pipe_t`.
///
/// Files and devices cannot be polled: they are read and written on the thread pool.
public final class PipeTransport: StreamTransport {
  /// Wraps a descriptor, which belongs to the transport from now on, also when this throws.
  package init(adopting descriptor: Int32, on loop: EventLoop) throws(UVError) {
    let kind = fluv_descriptor_kind(descriptor)
    guard kind != FLUV_KIND_UNKNOWN else {
      fluv_descriptor_close(descriptor)
      throw UVError(code: UVError.invalidArgument.code, context: "descriptor \(descriptor)")
    }
    // A pseudo-terminal's controlling side reads like a pipe; a terminal has a transport of its own.
    try super.init(
      adopting: descriptor, kind: kind == FLUV_KIND_FILE ? FLUV_KIND_FILE : FLUV_KIND_PIPE, on: loop
    )
  }

  /// Whether it is a file or a device, read and written on the thread pool.
  package var isFile: Bool { kind == FLUV_KIND_FILE }

  /// Tells of readers that go away: a writing end has nothing to read that would.
  private var watch: PollHandle?
  private var watched: Int32 = -1

  package override func start(_ newProtocol: any StreamProtocol) {
    watchReaders()
    super.start(newProtocol)
  }

  private func watchReaders() {
    guard let descriptor, kind == FLUV_KIND_PIPE, !isUnixSocket,
      fluv_descriptor_is_write_only(descriptor) != 0
    else { return }
    // libuv watches each number once, and has this one.
    watched = fluv_descriptor_duplicate(descriptor)
    guard watched >= 0 else { return }
    let me = LoopBound(self, on: loop)
    do throws(UVError) {
      let watch = try PollHandle(descriptor: watched, on: loop) { status in
        if status != UVError.canceled.code { me.value.fail(UVError.brokenPipe) }
      }
      self.watch = watch
      try watch.startWatchingForDisconnect()
    } catch {
      // The next write will tell.
      endWatch()
    }
  }

  private func endWatch() {
    watch?.close()
    watch = nil
    fluv_descriptor_close(watched)
    watched = -1
  }

  override func willShut() { if watched >= 0 { endWatch() } }

  /// Who is at the other end of a unix socket: process, user and group, as they were when it connected.
  ///
  /// Throws what the system reports for anything but a connected unix socket. Binds SO_PEERCRED.
  public func peerCredentials() throws(UVError) -> (process: Int32, user: UInt32, group: UInt32) {
    guard let descriptor else { throw .notConnected }
    var process: Int32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
    try UVError.check(
      unsafe fluv_socket_credentials(descriptor, &process, &user, &group), "peer credentials")
    return (process, user, group)
  }
}

extension EventLoop {
  /// The two ends of a new pipe, not started yet; the loop's thread.
  package func makePipe() throws(UVError) -> (reading: PipeTransport, writing: PipeTransport) {
    try core.checkOpen()
    var ends: [Int32] = [-1, -1]
    try UVError.check(unsafe fluv_pipe_pair(&ends), "pipe")
    let writingEnd = OwnedDescriptor(ends[1])
    let reading = try PipeTransport(adopting: ends[0], on: self)
    do throws(UVError) {
      return (reading, try PipeTransport(adopting: writingEnd.take(), on: self))
    } catch {
      reading.abort()
      throw error
    }
  }
}
