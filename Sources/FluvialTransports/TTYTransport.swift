internal import CFluvial

/// A transport over a terminal.
///
/// Binds `uv_tty_t`.
///
/// The terminal is opened anew by name, so that the descriptor it came from stays blocking and inheritable.
public final class TTYTransport: StreamTransport {
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
}
