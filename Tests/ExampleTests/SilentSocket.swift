import Glibc
import TestSupport

/// A client that sends what it is told and reads nothing, into a receive buffer as small as the kernel has.
final class SilentSocket: Sendable {
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
    guard status == 0 else { throw HarnessError("Connecting to port \(port): errno \(errno).") }
    let bytes = Array(text.utf8)
    guard unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    else { throw HarnessError("Sending to port \(port): errno \(errno).") }
  }

  deinit { close(descriptor) }
}

/// A number that the kernel keeps for the socket of this process that is connected to `port`.
func socketOption(_ level: Int32, _ name: Int32, ofPeerAtPort port: Int) -> Int32? {
  for descriptor in Int32(3)..<1_024 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getpeername(descriptor, $0, &length)
      }
    }
    guard status == 0, Int32(address.sin_family) == AF_INET,
      Int(in_port_t(bigEndian: address.sin_port)) == port
    else { continue }
    var value: Int32 = -1
    var size = socklen_t(MemoryLayout<Int32>.size)
    if unsafe getsockopt(descriptor, level, name, &value, &size) == 0 { return value }
  }
  return nil
}
