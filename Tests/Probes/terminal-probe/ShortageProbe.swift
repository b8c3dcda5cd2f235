import Fluvial
import FluvialTerminal
import Glibc

/// Opens its terminal with only so many descriptors left, and says on standard error what came of it.
enum ShortageProbe {
  static func run(leaving count: Int) async throws {
    let loop = EventLoop.current ?? .shared
    var limits = rlimit(rlim_cur: 64, rlim_max: 64)
    guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
      throw ProbeError()
    }
    var held: [Int32] = []
    while true {
      let descriptor = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
      if descriptor < 0 { break }
      held.append(descriptor)
    }
    for _ in 0..<min(count, held.count) { close(held.removeLast()) }
    do {
      let terminal = try await Terminal.open()
      try await terminal.withMode(.raw) {
        // More than anything on the way takes, and nobody reads it.
        terminal.write([UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20))
        try await loop.clock.sleep(for: .milliseconds(50))
        say("the loop turns")
      }
      await terminal.close()
    } catch let error as UVError {
      say("refused: \(error.name)")
    }
    for descriptor in held { close(descriptor) }
    let again = try await Terminal.open()
    await again.close()
    say("and later it opens")
  }

  private static func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
  }
}
