import Glibc

/// A peer without the library: sends fifty thousand bytes, reads nothing until it is told to, then everything.
enum LateReader {
  static func run() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bind(listener, generic, size) == 0 && listen(listener, 1) == 0
          && getsockname(listener, generic, &size) == 0
      }
    }
    guard isBound else { exit(1) }
    say("\(in_port_t(bigEndian: address.sin_port))")
    let peer = accept(listener, nil, nil)
    let greeting = [UInt8](repeating: 50, count: 50_000)
    guard unsafe write(peer, greeting, greeting.count) == greeting.count, readLine() != nil else {
      exit(1)
    }
    var total = 0
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe read(peer, &buffer, buffer.count)
      if count < 0 { say("an error after \(total) bytes") }
      if count <= 0 { break }
      guard buffer.prefix(count).allSatisfy({ $0 == 77 }) else { exit(1) }
      total += count
    }
    say("\(total) bytes")
  }

  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }
}
