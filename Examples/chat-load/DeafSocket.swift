import Glibc

/// A client that sends what it is told and reads nothing, into a receive buffer as small as the kernel has.
///
/// The chat server's tests use it too.
final class DeafSocket: Sendable {
  private let descriptor: Int32

  init(port: Int, sending text: String) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var size: Int32 = 1_024
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw LoadFailure("Connecting to port \(port): errno \(errno).") }
    let bytes = Array(text.utf8)
    guard unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    else { throw LoadFailure("Sending to port \(port): errno \(errno).") }
  }

  deinit { close(descriptor) }
}
