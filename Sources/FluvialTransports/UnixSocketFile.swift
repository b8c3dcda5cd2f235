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
  /// Within ``EventLoop/withFolder(of:_:)``: between the look and the removal another server might have come. Throws ``UVError/addressInUse``.
  /// `found` is called between the two.
  static func makeWay(
    for address: SocketAddress, whenStale found: (() -> Void)?
  ) throws(UVError) {
    guard let file = status(address.host) else { return }
    let inUse = UVError(code: UVError.addressInUse.code, context: "unix path \(address.host)")
    guard file.st_mode & S_IFMT == S_IFSOCK else { throw inUse }
    var target = try address.raw()
    var probe: Int32 = -1
    let status = unsafe fluv_socket_connect(&target, nil, &probe)
    if status >= 0 {
      fluv_descriptor_close(probe)
      throw inUse
    }
    // Refused: the file is there and nobody listens. A full backlog is somebody alive.
    guard status == UVError.connectionRefused.code else { throw inUse }
    found?()
    unsafe unlink(address.host)
  }

  private static func status(_ path: String) -> stat? {
    var found = stat()
    return unsafe lstat(path, &found) == 0 ? found : nil
  }
}

extension EventLoop {
  /// Runs `body` while no other server of this library, in any process, looks at or binds a file in the same folder.
  ///
  /// Two that found one stale socket would else both replace it, and the second would take the place of the first. The
  /// lock is on the folder itself, so that no file is left. Throws ``UVError/tryAgain`` when somebody else keeps it locked.
  package func withFolder<Result>(
    of addresses: [SocketAddress], _ body: () async throws -> Result
  ) async throws -> Result {
    guard let path = addresses.first(where: \.isFile)?.host else { return try await body() }
    let lock = try await lockFolder(of: path)
    defer { if lock >= 0 { fluv_descriptor_close(lock) } }
    return try await body()
  }

  private func lockFolder(of path: String) async throws -> Int32 {
    let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "."
    let deadline = clock.now.advanced(by: .seconds(2))
    while true {
      let lock = unsafe fluv_folder_lock(folder)
      guard lock == UVError.tryAgain.code else {
        // Where a folder cannot be opened, binding tells why, or nobody else can look either.
        return lock
      }
      guard clock.now < deadline else {
        throw UVError(code: lock, context: "the folder of unix path \(path) is locked")
      }
      try await clock.sleep(for: .milliseconds(1))
    }
  }
}

extension SocketAddress {
  /// Whether a file stands for it.
  var isFile: Bool { family == .unix && host.utf8.first != 0 }
}
