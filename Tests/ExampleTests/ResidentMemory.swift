import Glibc
import TestSupport

/// How much memory a process holds, this one unless another is named.
func residentBytes(of process: String = "self") throws -> Int {
  guard let file = unsafe fopen("/proc/\(process)/statm", "r") else {
    throw HarnessError("The memory of process \(process) cannot be read.")
  }
  defer { unsafe fclose(file) }
  var text = [CChar](repeating: 0, count: 128)
  guard unsafe fgets(&text, Int32(text.count), file) != nil else {
    throw HarnessError("The memory of process \(process) cannot be read.")
  }
  let words = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    .split(separator: " ")
  guard words.count > 1, let pages = Int(words[1]) else {
    throw HarnessError("The memory of process \(process) is not told as expected.")
  }
  return pages * Int(getpagesize())
}
