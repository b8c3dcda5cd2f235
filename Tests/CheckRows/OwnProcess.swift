#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The running program once more, as a child in the same process group: an interrupt ends both.
enum OwnProcess {
  /// Runs it to its end; what it printed, and its wait status.
  static func run(_ arguments: [String]) throws(CheckFailure) -> (output: String, status: Int32) {
    guard let path = unsafe realpath("/proc/self/exe", nil) else {
      throw CheckFailure("The path of this program is unknown.")
    }
    defer { unsafe free(path) }
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw CheckFailure("No pipe: errno \(errno).") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    let child = unsafe spawn(path, arguments, output: ends[1])
    close(ends[1])
    guard let child else { throw CheckFailure("The program cannot start itself.") }
    let output = readToEnd(ends[0])
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
    return (output, status)
  }

  private static func readToEnd(_ descriptor: Int32) -> String {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe read(descriptor, &buffer, buffer.count)
      if count > 0 { all += buffer.prefix(count) }
      if count == 0 || count < 0 && errno != EINTR { break }
    }
    return String(decoding: all, as: UTF8.self)
  }

  private static func spawn(
    _ path: UnsafePointer<CChar>, _ arguments: [String], output: Int32
  ) -> pid_t? {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    var words = unsafe [strdup(path)]
    for argument in arguments { unsafe words.append(strdup(argument)) }
    unsafe words.append(nil)
    defer {
      for index in unsafe words.indices { unsafe free(words[index]) }
    }
    var child: pid_t = 0
    guard unsafe posix_spawn(&child, path, &actions, nil, &words, environ) == 0 else { return nil }
    return child
  }
}
