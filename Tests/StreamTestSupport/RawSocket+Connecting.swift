internal import Glibc

extension RawSocket {
  /// Connects to a port of the loopback address; `buffers` is how much the kernel may hold of what comes.
  ///
  /// Blocks for as long as the backlog is full.
  package static func connect(port: Int, buffers: Int32? = nil) throws -> RawSocket {
    let kind = Int32(SOCK_STREAM.rawValue) | closeOnExec
    let descriptor = try check(socket(AF_INET, kind, 0))
    if var buffers {
      // Before the connect, so that the peer is never told of a larger window.
      let size = socklen_t(MemoryLayout<Int32>.size)
      _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffers, size)
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe Glibc.connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    let connected = RawSocket(descriptor)
    try check(status)
    return connected
  }
}
