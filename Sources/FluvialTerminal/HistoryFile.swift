public import FluvialTransports
internal import Glibc

/// The lines of a ``Prompt`` in a file, to go back to in the next run.
///
/// Several programs may share a file: each line is appended by one write, and none is lost when one of them shortens the
/// file. It is its user's alone: created with mode 0600, and refused when the path is a link, when it is no regular file,
/// and when it is somebody else's. A line that starts with a space and one that repeats the last are not kept.
///
/// A value that may be used from any thread; its calls take as long as the file system does.
public struct HistoryFile: Sendable {
  /// Where the file is, or will be.
  public let path: String

  /// How many lines are kept.
  ///
  /// The file may have twice as many, until it is loaded the next time.
  public let limit: Int

  /// More than this is not read, and is cut off when the file is shortened.
  static let byteLimit = 4 << 20

  /// Names a file, and does nothing with it yet.
  public init(path: String, limit: Int = 1000) {
    self.path = path
    self.limit = max(limit, 0)
  }

  /// The newest lines, oldest first; none if there is no file.
  ///
  /// Shortens a file that has grown far over its limit. Throws ``/FluvialTransports/UVError`` when the file is
  /// refused or cannot be read.
  public func load() throws(UVError) -> [String] {
    let read: (lines: [Substring], isLarge: Bool)
    do throws(UVError) {
      read = try OpenFile(path, for: .reading).withFile { file throws(UVError) in
        try lines(of: file)
      }
    } catch {
      guard error == .noSuchFile else { throw error }
      return []
    }
    if read.isLarge || read.lines.count > 2 * limit { try shorten() }
    return read.lines.suffix(limit).map { Self.decoded($0) }
  }

  /// Adds a line behind the others, and makes the file if there is none.
  ///
  /// Throws ``/FluvialTransports/UVError`` when the file is refused or cannot be written; nothing of the line is left in it
  /// then.
  public func append(_ line: String) throws(UVError) {
    guard LineHistory.keeps(line, after: nil) else { return }
    try OpenFile(path, for: .appending).withFile { file throws(UVError) in
      let size = try file.size
      // Half a line that a full disk or a crash left behind stays a line of its own.
      let last = try file.read(from: max(size - 1, 0), upTo: 1).first
      let isTorn = last != nil && last != UInt8(ascii: "\n")
      do throws(UVError) { try file.write((isTorn ? "\n" : "") + Self.encoded(line) + "\n") } catch
      {
        file.truncate(to: size)
        throw error
      }
    }
  }

  /// Puts the newest lines in the place of all.
  private func shorten() throws(UVError) {
    try OpenFile(path, for: .appending).withFile { file throws(UVError) in
      // Locked: nobody appends to the old file from here on.
      let kept = try lines(of: file).lines.suffix(limit)
      let other = "\(path).\(UInt32.random(in: .min ... .max))"
      let replacement = try OpenFile(other, for: .creating)
      do throws(UVError) {
        try replacement.write(kept.map { $0 + "\n" }.joined())
        guard unsafe rename(other, path) == 0 else { throw OpenFile.failure(path) }
      } catch {
        _ = unsafe unlink(other)
        throw error
      }
    }
  }

  private func lines(of file: borrowing OpenFile) throws(UVError) -> (
    lines: [Substring], isLarge: Bool
  ) {
    let size = try file.size
    let start = max(size - Self.byteLimit, 0)
    let text = String(decoding: try file.read(from: start, upTo: Self.byteLimit), as: UTF8.self)
    // By scalars: a mark at the start of a line must not hide the end of the one before.
    var lines = text.unicodeScalars.split(separator: "\n").map { Substring($0) }
    if start > 0, !lines.isEmpty { lines.removeFirst() }
    return (lines, start > 0)
  }

  /// One line of the file for one of the prompt, which may have line feeds in it.
  static func encoded(_ line: String) -> String {
    var text = String.UnicodeScalarView()
    for scalar in line.unicodeScalars {
      switch scalar {
      case "\\": text.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": text.append(contentsOf: "\\n".unicodeScalars)
      default: text.append(scalar)
      }
    }
    return String(text)
  }

  /// What was encoded; of anything else what can be shown.
  static func decoded(_ line: Substring) -> String {
    var text = String.UnicodeScalarView()
    var isEscaped = false
    for scalar in line.unicodeScalars {
      switch (isEscaped, scalar) {
      case (false, "\\"): isEscaped = true
      case (true, "n"):
        text.append("\n")
        isEscaped = false
      default:
        text.append(scalar)
        isEscaped = false
      }
    }
    return withoutControls(String(text), except: "\n")
  }
}

/// A file that was opened with care, and is closed with this value.
private struct OpenFile: ~Copyable {
  enum Purpose { case reading, appending, creating }

  private let descriptor: Int32
  private let path: String

  /// How often a lock is tried, 5 ms apart: whoever holds it is about to let go.
  private static let tries = 200

  init(_ path: String, for purpose: Purpose) throws(UVError) {
    self.path = path
    var tries = Self.tries
    while true {
      let opened = try Self.open(path, purpose)
      guard purpose == .appending else {
        descriptor = opened
        return
      }
      if flock(opened, LOCK_EX | LOCK_NB) == 0 {
        if Self.isFile(opened, at: path) {
          descriptor = opened
          return
        }
        // It was shortened meanwhile, and the path leads to its successor.
        close(opened)
      } else {
        let error = Self.failure(path)
        close(opened)
        guard error == .tryAgain, tries > 0 else { throw error }
        usleep(5_000)
      }
      tries -= 1
      guard tries > 0 else { throw UVError(code: UVError.tryAgain.code, context: path) }
    }
  }

  deinit { close(descriptor) }

  /// Lends the file and then closes it, which also gives the lock back.
  consuming func withFile<Result>(_ body: (borrowing OpenFile) throws(UVError) -> Result)
    throws(UVError) -> Result
  {
    try body(self)
  }

  static func failure(_ path: String) -> UVError {
    UVError(code: -errno, context: "history file \(path)")
  }

  private static func open(_ path: String, _ purpose: Purpose) throws(UVError) -> Int32 {
    // Not blocking: the path of a pipe must not hold anybody up.
    var flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    switch purpose {
    case .reading: flags |= O_RDONLY
    case .appending: flags |= O_RDWR | O_APPEND | O_CREAT
    case .creating: flags |= O_WRONLY | O_CREAT | O_EXCL
    }
    let opened = unsafe Glibc.open(path, flags, 0o600)
    guard opened >= 0 else { throw failure(path) }
    var status = stat()
    // By descriptor, never by path: the path may lead elsewhere by now.
    guard unsafe fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_uid == geteuid()
    else {
      close(opened)
      throw UVError(
        code: UVError.accessDenied.code,
        context: "history file \(path), which is no regular file of this user's own")
    }
    if purpose != .reading, status.st_mode & 0o077 != 0 { fchmod(opened, 0o600) }
    return opened
  }

  private static func isFile(_ descriptor: Int32, at path: String) -> Bool {
    var opened = stat()
    var named = stat()
    return unsafe fstat(descriptor, &opened) == 0 && lstat(path, &named) == 0
      && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
  }

  var size: Int {
    get throws(UVError) {
      var status = stat()
      guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
      return Int(status.st_size)
    }
  }

  func read(from start: Int, upTo limit: Int) throws(UVError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: min(limit, max(try size - start, 0)))
    var count = 0
    while count < bytes.count {
      let got = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe pread(
          descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count,
          off_t(start + count))
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw Self.failure(path) }
      if got == 0 { break }
      count += got
    }
    return Array(bytes.prefix(count))
  }

  func write(_ text: String) throws(UVError) {
    let bytes = Array(text.utf8)
    var count = 0
    while count < bytes.count {
      let put = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(
          descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
      }
      if put < 0, errno == EINTR { continue }
      guard put > 0 else { throw Self.failure(path) }
      count += put
    }
  }

  func truncate(to size: Int) { _ = ftruncate(descriptor, off_t(size)) }
}
