import Glibc

/// The chat server that the crowd meets in, as a process of its own.
final class ServerProcess {
  let processID: Int32
  private(set) var port = 0
  private var hasEnded = false

  /// Starts the chat-server that stands beside this program, and waits until it listens.
  init(arguments: [String]) throws {
    guard let here = unsafe realpath("/proc/self/exe", nil) else {
      throw LoadFailure("The path of this program is unknown.")
    }
    defer { unsafe free(here) }
    let own = unsafe String(cString: here)
    let folder = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw LoadFailure("No pipe: errno \(errno).") }
    defer { close(ends[0]) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let spawned = Self.spawn("\(folder)/chat-server", arguments, output: ends[1])
    close(ends[1])
    guard let spawned else {
      throw LoadFailure("No chat-server beside \(own); build it first.")
    }
    processID = spawned
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while unsafe read(ends[0], &byte, 1) == 1, byte != 10 { line.append(byte) }
    let last = String(decoding: line, as: UTF8.self).split(separator: " ").last
    guard let port = last.flatMap({ Int($0) }) else {
      throw LoadFailure("The server did not start.")
    }
    self.port = port
  }

  deinit {
    if !hasEnded { kill(processID, SIGKILL) }
  }

  /// Ends the server as an operator would; its exit status, or nil if it was killed.
  func stop() -> Int32? {
    kill(processID, SIGTERM)
    var status: Int32 = 0
    while unsafe waitpid(processID, &status, 0) < 0, errno == EINTR {}
    hasEnded = true
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
  }

  private static func spawn(_ path: String, _ arguments: [String], output: Int32) -> Int32? {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var words = unsafe ([path] + arguments).map { unsafe strdup($0) }
    unsafe words.append(nil)
    defer {
      for index in unsafe words.indices { unsafe free(words[index]) }
    }
    var processID: Int32 = 0
    guard unsafe posix_spawn(&processID, path, &actions, nil, &words, environ) == 0 else {
      return nil
    }
    return processID
  }
}
