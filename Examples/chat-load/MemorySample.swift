import Fluvial
import Glibc

/// What the server held at a moment, and how much it had worked.
struct MemorySample: Sendable {
  let residentKiB: Int
  let processorSeconds: Double

  /// One sample a second.
  static func take(
    of processID: Int32, until end: LoopClock.Instant
  ) async throws -> [MemorySample] {
    let clock = (EventLoop.current ?? .shared).clock
    var samples: [MemorySample] = []
    while clock.now < end {
      samples.append(try MemorySample(of: processID))
      try await clock.sleep(
        until: min(end, clock.now.advanced(by: .milliseconds(500))), tolerance: nil)
    }
    samples.append(try MemorySample(of: processID))
    return samples
  }

  private init(of processID: Int32) throws {
    let pages = try Self.words(of: "/proc/\(processID)/statm")
    let times = try Self.words(of: "/proc/\(processID)/stat")
    // Counted from behind the name, which may contain anything; ours has no space.
    guard pages.count > 1, let resident = Int(pages[1]), times.count > 14,
      let user = Int(times[13]), let system = Int(times[14])
    else { throw LoadFailure("The server's figures are not told as expected.") }
    residentKiB = resident * Int(getpagesize()) / 1_024
    processorSeconds = Double(user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static func words(of path: String) throws -> [Substring] {
    guard let file = unsafe fopen(path, "r") else { throw LoadFailure("The server has ended.") }
    defer { unsafe fclose(file) }
    var text = [CChar](repeating: 0, count: 1_024)
    let count = unsafe fread(&text, 1, text.count, file)
    let line = String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return line.split { $0 == " " || $0 == "\n" }
  }
}
