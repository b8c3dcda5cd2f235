import CheckRows
import Fluvial
import Glibc

/// S8: everything at one server, whose connections have a high mark of 16 KiB, because a thousand of 64 are all there is.
func inLittleMemory(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  guard let group = MemoryGroup(bytes: 64_000_000) else {
    return check.skipped("no memory group can be made here")
  }
  defer { group.remove() }
  let (peak, aftermath) = try Attack.run(deadline: .seconds(3), highMark: 16 * 1_024) { attack in
    try group.add(attack.process.processID)
    _ = try await attack.neverRead(for: .milliseconds(100))
    _ = try await attack.writeHeedlessly()
    _ = try await attack.consumeSlowly(1_000, for: .seconds(2))
    _ = try await attack.floodSleeper(mebibytes: 128)
    _ = try await attack.sendEndlessLine(mebibytes: 128)
    _ = try await attack.requestSlowly(500, good: 20, deadline: .seconds(3))
    return try group.peak()
  }
  return check.row(
    held: aftermath.thrown == "nothing" && peak <= 64_000_000,
    figure: "alive, at most \(peak / 1_000_000) MB, serving threw \(aftermath.thrown)",
    threshold: "not killed")
}

/// A group of processes that may have so much memory together.
private struct MemoryGroup {
  private let folder: String
  private let isSecondVersion: Bool

  /// Nil where the system has no such groups, or not for us.
  init?(bytes: Int) {
    let name = "fluvial-checks-\(getpid())"
    for (parent, limit) in [
      ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"),
    ] {
      let folder = "\(parent)/\(name)"
      guard unsafe mkdir(folder, 0o755) == 0 else { continue }
      if Self.write("\(bytes)", to: "\(folder)/\(limit)") {
        self.folder = folder
        isSecondVersion = limit == "memory.max"
        return
      }
      unsafe rmdir(folder)
    }
    return nil
  }

  func add(_ process: Int32) throws {
    guard Self.write("\(process)", to: "\(folder)/cgroup.procs") else {
      throw CheckFailure("The server cannot be put into a memory group.")
    }
  }

  /// The most that it had, in bytes.
  func peak() throws -> Int {
    let path = "\(folder)/" + (isSecondVersion ? "memory.peak" : "memory.max_usage_in_bytes")
    guard let file = unsafe fopen(path, "r") else { throw CheckFailure("No peak is told.") }
    defer { unsafe fclose(file) }
    var text = [CChar](repeating: 0, count: 64)
    let count = unsafe fread(&text, 1, 63, file)
    let digits = text.prefix(count).map { UInt8(bitPattern: $0) }.prefix { $0 != 10 }
    return Int(String(decoding: digits, as: UTF8.self)) ?? .max
  }

  /// Empty by now: the server has ended.
  func remove() { unsafe rmdir(folder) }

  private static func write(_ text: String, to path: String) -> Bool {
    let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return unsafe Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count
  }
}
