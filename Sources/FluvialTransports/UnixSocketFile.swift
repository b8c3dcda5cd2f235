internal import CFluvial
internal import Glibc

/// The file of a unix socket that we bound, known by device and inode, so that we never remove somebody else's.
struct UnixSocketFile {
  private let path: String
  private let device: dev_t
  private let inode: ino_t

  /// What stands at the path now; nil when nothing does.
  init?(at path: String) {
    guard let found = Self.status(path) else { return nil }
    self.path = path
    device = found.st_dev
    inode = found.st_ino
  }

  func removeIfOurs() {
    guard let found = Self.status(path), found.st_dev == device, found.st_ino == inode else {
      return
    }
    unsafe unlink(path)
  }

  /// Makes way for a new socket: a stale one is removed, a live one and anything else is refused.
  ///
  /// Throws ``UVError/addressInUse``.
  static func makeWay(for address: SocketAddress) throws(UVError) {
    guard let found = status(address.host) else { return }
    let inUse = UVError(code: UVError.addressInUse.code, context: "unix path \(address.host)")
    guard found.st_mode & S_IFMT == S_IFSOCK else { throw inUse }
    var target = try address.raw()
    var probe: Int32 = -1
    let status = unsafe fluv_socket_connect(&target, nil, &probe)
    if status >= 0 {
      fluv_descriptor_close(probe)
      throw inUse
    }
    // Refused: the file is there and nobody listens. A full backlog is somebody alive.
    guard status == UVError.connectionRefused.code else { throw inUse }
    unsafe unlink(address.host)
  }

  private static func status(_ path: String) -> stat? {
    var found = stat()
    return unsafe lstat(path, &found) == 0 ? found : nil
  }
}
