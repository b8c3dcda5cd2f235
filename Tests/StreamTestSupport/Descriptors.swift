internal import Glibc

/// How many descriptors the process has open, but for what the runtime opens whenever it is busy.
///
/// libdispatch makes a timer and looks at its own figures once its pool has more work than threads; neither Fluvial nor
/// libuv has such descriptors. Means something only where nothing else runs: in a test that has a process to itself.
package func openDescriptorCount() -> Int {
  openFiles().count { file in
    !file.hasSuffix("[timerfd]") && !(file.hasPrefix("/proc/") && file.hasSuffix("/stat"))
  }
}

/// How many sockets the process has open; as ``openDescriptorCount()``.
package func openSocketCount() -> Int { openFiles().filter { $0.hasPrefix("socket:") }.count }

/// What each open descriptor stands for, but for the folder that tells.
private func openFiles() -> [String] {
  let folder = "/proc/self/fd"
  guard let entries = unsafe opendir(folder) else { return [] }
  defer { unsafe closedir(entries) }
  var files: [String] = []
  while let entry = unsafe readdir(entries) {
    let number = unsafe withUnsafeBytes(of: entry.pointee.d_name) { name in
      unsafe String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard let descriptor = Int32(number), unsafe dirfd(entries) != descriptor else { continue }
    var target = [CChar](repeating: 0, count: 256)
    let length = unsafe readlink("\(folder)/\(number)", &target, target.count)
    let bytes = target.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }
    files.append(String(decoding: bytes, as: UTF8.self))
  }
  return files
}
