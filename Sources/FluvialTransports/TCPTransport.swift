internal import CFluvial

/// A transport over a TCP connection.
///
/// Binds `uv_tcp_t`.
public final class TCPTransport: StreamTransport {
  /// Wraps a connected TCP socket, which belongs to the transport from now on, also when this throws.
  ///
  /// No-delay is switched on; where that is refused, the log is told. Throws ``UVError/invalidArgument`` when the
  /// descriptor is no stream socket.
  package init(adopting descriptor: Int32, on loop: EventLoop) throws(UVError) {
    try super.init(adopting: descriptor, kind: FLUV_KIND_TCP, on: loop)
    // The connection works without it, only later.
    let status = fluv_socket_no_delay(descriptor, 1)
    if status < 0 {
      Report.warning("no-delay was refused", ["error": "\(UVError(code: status))"])
    }
  }

  /// Whether small writes go out without waiting for the peer's confirmation of earlier ones; on unless changed.
  ///
  /// Throws what `setsockopt` reports. Binds TCP_NODELAY.
  public func setNoDelay(_ isOn: Bool) throws(UVError) {
    guard let descriptor else { throw .notConnected }
    try UVError.check(fluv_socket_no_delay(descriptor, isOn ? 1 : 0), "no-delay")
  }

  /// Has the kernel look after a silent peer: probes after `idle` of silence, `count` of them `interval` apart.
  ///
  /// Data that stays unconfirmed for `timeout` breaks the connection. Whole seconds, `timeout` in milliseconds; zero leaves
  /// the system's value. Throws ``UVError/invalidArgument`` for a negative one, else what `setsockopt` reports.
  public func setKeepAlive(
    idle: Duration, interval: Duration, count: Int, timeout: Duration
  ) throws(UVError) {
    for (name, value) in [("idle", idle), ("interval", interval), ("timeout", timeout)]
    where value < .zero {
      throw UVError(
        code: UVError.invalidArgument.code, context: "keep-alive \(name) of \(value)")
    }
    guard count >= 0 else {
      throw UVError(code: UVError.invalidArgument.code, context: "keep-alive count of \(count)")
    }
    guard let descriptor else { throw .notConnected }
    try UVError.check(
      fluv_socket_keep_alive(
        descriptor, Self.clamped(idle.components.seconds),
        Self.clamped(interval.components.seconds), Self.clamped(Int64(count)),
        Self.clamped(timeout.wholeNanoseconds / 1_000_000)),
      "keep-alive")
  }

  private static func clamped(_ value: Int64) -> Int32 { Int32(clamping: value) }
}
