import Glibc
import TestSupport

/// What a program came to whose standard output nobody reads, or ever did.
struct UnreadOutcome: Equatable {
  var ending: TestSupport.Ending
  var error: String
}

/// Runs a program with its output going into a pipe that has no reader.
func runUnread(
  _ name: String, _ arguments: [String] = [], input: String
) throws -> UnreadOutcome {
  var pipes: [Int32] = [-1, -1, -1, -1, -1, -1]
  for index in [0, 2, 4] {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw HarnessError("No pipe.") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    pipes[index] = ends[0]
    pipes[index + 1] = ends[1]
  }
  close(pipes[2])
  let bytes = Array(input.utf8)
  guard unsafe write(pipes[1], bytes, bytes.count) == bytes.count else {
    throw HarnessError("The input does not fit.")
  }
  close(pipes[1])
  let child = try Child(
    try BuiltProducts.executable(name), arguments, input: .descriptor(pipes[0]),
    output: .descriptor(pipes[3]), error: .descriptor(pipes[5]))
  for end in [pipes[0], pipes[3], pipes[5]] { close(end) }
  defer { close(pipes[4]) }
  let ending = try child.wait()
  var error = [UInt8](repeating: 0, count: 4096)
  let count = unsafe read(pipes[4], &error, error.count)
  return UnreadOutcome(
    ending: ending, error: String(decoding: error.prefix(max(count, 0)), as: UTF8.self))
}
