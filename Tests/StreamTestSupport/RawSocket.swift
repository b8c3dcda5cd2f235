internal import FluvialPrimitives
internal import FluvialTransports
internal import Glibc

/// A connected socket without the library: the peer of a stream, in the hands of a test.
///
/// Never blocks; what must wait lets the loop turn meanwhile.
package final class RawSocket: Sendable {
  package let descriptor: Int32
  private let isOpen = Lock(true)

  package init(_ descriptor: Int32) {
    self.descriptor = descriptor
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
  }

  deinit { close() }

  /// A unix socket pair; `ours` is for the library to adopt.
  package static func pair() throws -> (ours: Int32, peer: RawSocket) {
    var ends: [Int32] = [-1, -1]
    unsafe try check(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | closeOnExec, 0, &ends))
    return (ends[0], RawSocket(ends[1]))
  }

  /// How much the kernel may hold in each direction.
  package func setBuffers(_ size: Int32) throws {
    for option in [SO_SNDBUF, SO_RCVBUF] {
      var value = size
      unsafe try Self.check(
        setsockopt(
          descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Int32>.size)))
    }
  }

  // MARK: Sending

  /// Sends what goes at once; how many bytes that was.
  @discardableResult
  package func send(_ bytes: [UInt8]) throws -> Int {
    let sent = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    if sent < 0, errno == EAGAIN { return 0 }
    try Self.check(Int32(clamping: sent))
    return sent
  }

  @discardableResult
  package func send(_ text: String) throws -> Int { try send(Array(text.utf8)) }

  /// Sends everything, as fast as the stream takes it.
  package func sendAll(_ bytes: [UInt8]) async throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = try send(Array(rest.prefix(64 * 1024)))
      rest = rest.dropFirst(sent)
      if sent == 0 { await Task.yield() }
    }
  }

  /// Sends until the kernel refuses, for `patience` turns of the loop; how many bytes went.
  package func sendUntilBlocked(most: Int, patience: Int = 50) async throws -> Int {
    let block = [UInt8](repeating: 120, count: 64 * 1024)
    var (total, refused) = (0, 0)
    while refused < patience, total < most {
      let sent = try send(block)
      total += sent
      refused = sent == 0 ? refused + 1 : 0
      await Task.yield()
    }
    return total
  }

  package func endSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  // MARK: Receiving

  /// What is there; nil when nothing is, no bytes at the end.
  package func receive(upTo count: Int = 1 << 20) throws -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: count)
    let got = unsafe recv(descriptor, &buffer, count, 0)
    if got < 0, errno == EAGAIN { return nil }
    try Self.check(Int32(clamping: got))
    return Array(buffer.prefix(got))
  }

  /// Receives so many bytes.
  package func receive(exactly count: Int) async throws -> [UInt8] {
    var all: [UInt8] = []
    try await eventually("\(count) bytes at the peer") {
      // In pieces: clearing memory for all of them each time takes minutes under a sanitizer.
      while all.count < count, let some = try receive(upTo: min(count - all.count, 1 << 18)) {
        if some.isEmpty { throw TestFailure("The stream ended after \(all.count) bytes.") }
        all += some
      }
      return all.count == count
    }
    return all
  }

  /// Receives everything to the end.
  package func receiveToEnd(within limit: Duration = .seconds(20)) async throws -> [UInt8] {
    var all: [UInt8] = []
    try await eventually("the end at the peer", within: limit) {
      while let some = try receive() {
        if some.isEmpty { return true }
        all += some
      }
      return false
    }
    return all
  }

  // MARK: Ending

  package func close() {
    let closes = isOpen.withLock { isOpen in
      defer { isOpen = false }
      return isOpen
    }
    if closes { _ = Glibc.close(descriptor) }
  }

  /// Closes with a reset: TCP only.
  package func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  /// Ends the connection with a reset and keeps the number, so that other threads may use it: TCP only.
  package func disconnect() {
    var address = sockaddr()
    address.sa_family = sa_family_t(AF_UNSPEC)
    _ = unsafe Glibc.connect(descriptor, &address, socklen_t(MemoryLayout<sockaddr>.size))
  }

  static let closeOnExec = Int32(SOCK_CLOEXEC.rawValue)

  @discardableResult
  static func check(_ result: Int32) throws(UVError) -> Int32 {
    if result < 0 { throw UVError(code: -errno, context: "a test's socket") }
    return result
  }
}

/// A listening TCP socket without the library.
package final class RawListener: Sendable {
  private let descriptor: Int32
  package let port: Int

  /// Listens on the loopback address; `buffer` is how much the kernel may hold for a connection.
  package init(v6: Bool = false, buffer: Int32? = nil) throws {
    descriptor = try RawSocket.check(
      socket(v6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | RawSocket.closeOnExec, 0))
    if var buffer {
      let size = socklen_t(MemoryLayout<Int32>.size)
      _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, size)
      _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &buffer, size)
    }
    if v6 {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_addr = in6addr_loopback
      port = try Self.listen(descriptor, &address)
    } else {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      port = try Self.listen(descriptor, &address)
    }
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
  }

  deinit { close(descriptor) }

  private static func listen<Address>(
    _ descriptor: Int32, _ address: inout Address
  ) throws -> Int {
    unsafe try withUnsafeMutablePointer(to: &address) { pointer in
      unsafe try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        var size = socklen_t(MemoryLayout<Address>.size)
        unsafe try RawSocket.check(bind(descriptor, generic, size))
        try RawSocket.check(Glibc.listen(descriptor, 16))
        unsafe try RawSocket.check(getsockname(descriptor, generic, &size))
      }
      // The port stands at the same place in both families.
      return unsafe withUnsafeBytes(of: &pointer.pointee) { unsafe Int($0[2]) << 8 | Int($0[3]) }
    }
  }

  /// The next connection; waits for it.
  package func accept() async throws -> RawSocket {
    var accepted: Int32 = -1
    try await eventually("a connection at the listener") {
      accepted = Glibc.accept(descriptor, nil, nil)
      if accepted < 0, errno != EAGAIN { try RawSocket.check(accepted) }
      return accepted >= 0
    }
    return RawSocket(accepted)
  }
}

extension RawSocket {
  /// Receives everything to the end, blocking the calling thread: not for the loop's.
  package func receiveToEndBlocking() throws -> [UInt8] {
    var all: [UInt8] = []
    while true {
      guard let some = try receive() else {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&event, 1, 20_000) != 0 else {
          throw TestFailure("Nothing came for a long time.")
        }
        continue
      }
      if some.isEmpty { return all }
      all += some
    }
  }

  /// Whether nobody can read what would be written to this pipe.
  package func isWithoutReader() throws -> Bool {
    var event = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    unsafe try Self.check(poll(&event, 1, 0))
    return event.revents & Int16(POLLERR) != 0
  }
}

/// Another number for a socket, which keeps it open.
package func duplicate(_ socket: RawSocket) throws -> Int32 {
  try RawSocket.check(fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 3))
}

/// An anonymous pipe.
package func pipeEnds() throws -> (reading: Int32, writing: Int32) {
  var ends: [Int32] = [-1, -1]
  unsafe try RawSocket.check(pipe(&ends))
  return (ends[0], ends[1])
}
