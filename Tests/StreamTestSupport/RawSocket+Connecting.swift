internal import Glibc

extension RawSocket {
  /// Connects to a port of the loopback address.
  package static func connect(port: Int, buffers: Int32? = nil) throws -> RawSocket {
    let kind = Int32(SOCK_STREAM.rawValue) | closeOnExec
    let descriptor = try check(socket(AF_INET, kind, 0))
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
