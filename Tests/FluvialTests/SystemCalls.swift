import Glibc
import StreamTestSupport

/// What the kernel counts for the calling thread.
enum SystemCalls {
  /// System calls that wrote, since the thread began.
  static func writes() throws -> Int {
    let descriptor = unsafe open("/proc/thread-self/io", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TestFailure("The kernel does not count system calls.") }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1024)
    let count = unsafe read(descriptor, &buffer, buffer.count)
    for line in buffer.prefix(max(count, 0)).split(separator: 10) {
      let words = line.split(separator: 32)
      if words.count == 2, Array(words[0]).text == "syscw:", let value = Int(Array(words[1]).text) {
        return value
      }
    }
    throw TestFailure("The kernel does not count writes.")
  }
}
