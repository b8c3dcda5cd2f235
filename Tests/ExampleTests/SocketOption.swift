import Glibc

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
