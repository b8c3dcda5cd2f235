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
