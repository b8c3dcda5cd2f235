internal import CFluvial
internal import Glibc

/// Where a socket is: an internet address and port, or a unix socket's path.
public struct SocketAddress: Hashable, Sendable {
  /// The kind of address.
  public enum Family: Sendable, Hashable {
    /// IPv4.
    case v4
    /// IPv6.
    case v6
    /// A unix socket: a path, an abstract name, or no name at all.
    case unix
  }

  /// The kind of address.
  public let family: Family

  /// The number (`127.0.0.1`, `fe80::1%eth0`) or the path.
  ///
  /// An abstract name starts with a NUL; a unix socket that was never bound has the empty path.
  public let host: String

  /// The port; 0 for a unix socket.
  public let port: Int

  /// An internet address from its number; names are for ``EventLoop/resolve(host:port:)``.
  ///
  /// Throws ``UVError/invalidArgument`` when `number` is no IPv4 or IPv6 number or the port is not in 0...65535.
  public init(number: String, port: Int) throws(UVError) {
    guard (0...65535).contains(port) else {
      throw UVError(code: UVError.invalidArgument.code, context: "port \(port)")
    }
    var raw = fluv_address()
    guard !number.utf8.contains(0), unsafe fluv_address_parse(number, port.int32, &raw) == 0
    else { throw UVError(code: UVError.invalidArgument.code, context: "address \(number)") }
    self = Self.internet(raw, Int32(raw.storage.ss_family) == AF_INET ? .v4 : .v6, port)
  }

  /// A unix socket's address.
  ///
  /// A leading NUL makes an abstract name, which has no file. Throws ``UVError/nameTooLong`` over 107 bytes of UTF-8
  /// (libuv would cut the name and go on), ``UVError/invalidArgument`` for an empty path or a NUL inside.
  public init(unixPath path: String) throws(UVError) {
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty, !bytes.dropFirst().contains(0), bytes != [0] else {
      throw UVError(
        code: UVError.invalidArgument.code, context: "unix path \(path.debugDescription)")
    }
    guard bytes.count <= 107 else {
      throw UVError(
        code: UVError.nameTooLong.code, context: "unix path of \(bytes.count) bytes, limit 107")
    }
    self.init(family: .unix, host: path, port: 0)
  }

  /// The family of a connected stream socket; ``UVError/invalidArgument`` for anything else.
  package static func family(ofSocket descriptor: Int32) throws(UVError) -> Family {
    switch fluv_descriptor_kind(descriptor) {
    case FLUV_KIND_TCP: return .v4
    case FLUV_KIND_PIPE:
      var raw = fluv_address()
      if unsafe fluv_socket_local(descriptor, &raw) >= 0 { return .unix }
    default: break
    }
    throw UVError(
      code: UVError.invalidArgument.code, context: "descriptor \(descriptor) is no stream socket")
  }

  /// Whether it stands for all addresses of its family: what a listener may have, and no connection.
  var isWildcard: Bool {
    switch family {
    case .v4: host == "0.0.0.0"
    case .v6: host == "::"
    case .unix: false
    }
  }

  /// What the system told; nil for a family that is neither internet nor unix.
  init?(raw: fluv_address) {
    switch Int32(raw.storage.ss_family) {
    case AF_INET: self = Self.internet(raw, .v4, Self.port(raw))
    case AF_INET6: self = Self.internet(raw, .v6, Self.port(raw))
    case AF_UNIX: self.init(family: .unix, host: Self.path(raw), port: 0)
    default: return nil
    }
  }

  private init(family: Family, host: String, port: Int) {
    self.family = family
    self.host = host
    self.port = port
  }

  private static func internet(_ raw: fluv_address, _ family: Family, _ port: Int) -> SocketAddress
  {
    var raw = raw
    let host = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
      unsafe buffer.initialize(repeating: 0)
      guard let base = buffer.baseAddress,
        unsafe fluv_address_text(&raw, base, buffer.count) == 0
      else { return "" }
      return unsafe String(cString: base)
    }
    return SocketAddress(family: family, host: host, port: port)
  }

  /// The address as system calls take it.
  func raw() throws(UVError) -> fluv_address {
    var result = fluv_address()
    switch family {
    case .unix:
      let bytes = host.utf8.map { CChar(bitPattern: $0) }
      try UVError.check(unsafe fluv_address_unix(bytes, bytes.count, &result), "unix path \(host)")
    case .v4, .v6:
      try UVError.check(
        unsafe fluv_address_parse(host, port.int32, &result), "address \(host)")
    }
    return result
  }

  private static func port(_ raw: fluv_address) -> Int {
    // The port stands at the same place in both internet families.
    unsafe withUnsafeBytes(of: raw.storage) { bytes in
      unsafe Int(bytes[2]) << 8 | Int(bytes[3])
    }
  }

  private static func path(_ raw: fluv_address) -> String {
    let start = MemoryLayout<sa_family_t>.size
    guard Int(raw.length) > start else { return "" }
    return unsafe withUnsafeBytes(of: raw.storage) { bytes in
      var name = unsafe bytes[start..<Int(raw.length)]
      // A path ends at its NUL, an abstract name starts with one.
      if unsafe name.first != 0, let end = unsafe name.firstIndex(of: 0) {
        unsafe name = name[..<end]
      }
      return unsafe String(decoding: name, as: UTF8.self)
    }
  }
}

extension SocketAddress: CustomStringConvertible {
  /// `127.0.0.1:80`, `[::1]:80`, `/run/chat.sock`, or `@name` for an abstract name.
  public var description: String {
    switch family {
    case .v4: "\(host):\(port)"
    case .v6: "[\(host)]:\(port)"
    case .unix:
      if host.isEmpty {
        "unix socket"
      } else {
        host.utf8.first == 0 ? "@\(host.dropFirst())" : host
      }
    }
  }
}
