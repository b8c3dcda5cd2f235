internal import CTestSupport

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a process holds and has used, as the system tells.
package enum ProcessFigures {
  /// Resident memory in KiB.
  package static func residentKiB(of process: String = "self") throws(CheckFailure) -> Int {
    let words = try words(of: "/proc/\(process)/statm")
    guard words.count > 1, let pages = Int(words[1]) else {
      throw CheckFailure("The memory of process \(process) is not told as expected.")
    }
    return pages * Int(getpagesize()) / 1024
  }

  /// The resident memory of this process once the allocator has given back what it holds for nobody.
  package static func settledKiB() throws(CheckFailure) -> Int {
    fts_return_free_memory()
    return try residentKiB()
  }

  /// Seconds of processor time, of user and system, of all threads of this process.
  package static func processorSeconds() -> Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// How many entries a folder of the process has: `fd` or `task`.
  package static func count(_ folder: String, of process: String = "self") throws(CheckFailure)
    -> Int
  {
    guard let entries = unsafe opendir("/proc/\(process)/\(folder)") else {
      throw CheckFailure("/proc/\(process)/\(folder) cannot be read.")
    }
    defer { unsafe closedir(entries) }
    var count = 0
    while unsafe readdir(entries) != nil { count += 1 }
    // The folder itself, the one above, and, looking at ourselves, the descriptor that looks.
    return count - 2 - (process == "self" && folder == "fd" ? 1 : 0)
  }

  private static func words(of path: String) throws(CheckFailure) -> [Substring] {
    guard let file = unsafe fopen(path, "r") else { throw CheckFailure("\(path) is not there.") }
    defer { unsafe fclose(file) }
    var text = [CChar](repeating: 0, count: 1024)
    let count = unsafe fread(&text, 1, text.count, file)
    return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
      .split { $0 == " " || $0 == "\n" }
  }
}
