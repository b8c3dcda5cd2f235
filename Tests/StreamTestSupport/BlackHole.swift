internal import Glibc

/// An address that never answers: a listener whose backlog is full, so that the kernel drops what comes.
package final class BlackHole: Sendable {
  package let port: Int
  private let listener: Int32
  private let callers: [Int32]

  /// Takes `port` of a number in 127.0.0.0/8, or any port for 0.
  package init(number: String = "127.0.0.1", port: Int = 0) throws {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let listener = try RawSocket.check(socket(AF_INET, kind, 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    _ = unsafe inet_pton(AF_INET, number, &address.sin_addr)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    try unsafe withUnsafeMutablePointer(to: &address) { pointer in
      try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        try unsafe RawSocket.check(bind(listener, generic, size))
        try RawSocket.check(listen(listener, 0))
        try unsafe RawSocket.check(getsockname(listener, generic, &size))
      }
    }
    self.port = Int(in_port_t(bigEndian: address.sin_port))
    var callers: [Int32] = []
    // A backlog of 0 holds one connection; the second caller is already not answered.
    for _ in 0..<2 {
      let caller = try RawSocket.check(socket(AF_INET, kind | Int32(SOCK_NONBLOCK.rawValue), 0))
      callers.append(caller)
      _ = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
          unsafe connect(caller, generic, size)
        }
      }
    }
    self.callers = callers
    self.listener = listener
  }

  deinit {
    for descriptor in callers + [listener] { close(descriptor) }
  }
}
