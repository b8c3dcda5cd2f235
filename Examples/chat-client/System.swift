import Glibc

/// Writes to standard error.
enum Complaint {
  /// Writes one line; the text must be safe to show.
  static func write(_ line: String) {
    let bytes = Array("chat-client: \(line)\n".utf8)
    // There is nobody left to tell that this failed.
    _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }
}

/// Who runs the program, as the system knows them.
enum LoginName {
  static var current: String? {
    let size = 4096
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
      var entry = unsafe passwd()
      var found: UnsafeMutablePointer<passwd>?
      guard let memory = buffer.baseAddress,
        unsafe getpwuid_r(getuid(), &entry, memory, size, &found) == 0,
        unsafe found != nil, let name = unsafe entry.pw_name
      else { return nil }
      return unsafe String(cString: name)
    }
  }
}

/// Where the chat is when the command line does not say.
enum DefaultPort {
  /// What the environment says, if it says anything.
  static var variable: String? {
    unsafe getenv("CHAT_PORT").map { unsafe String(cString: $0) }
  }
}

/// A moment as the wall shows it.
struct LocalTime: Equatable {
  var year: Int
  var month: Int
  var day: Int
  var hour: Int
  var minute: Int

  /// The present, or a time in seconds since 1970; nil for one that no calendar has.
  init?(unixTime: Int? = nil) {
    var seconds = unixTime.map { time_t($0) } ?? time(nil)
    var parts = unsafe tm()
    guard unsafe localtime_r(&seconds, &parts) != nil else { return nil }
    year = unsafe Int(parts.tm_year) + 1900
    month = unsafe Int(parts.tm_mon) + 1
    day = unsafe Int(parts.tm_mday)
    hour = unsafe Int(parts.tm_hour)
    minute = unsafe Int(parts.tm_min)
  }

  /// Such as "2026-01-31".
  var date: String { "\(year)-\(month.twoDigits)-\(day.twoDigits)" }

  /// Such as "09:05".
  var clock: String { "\(hour.twoDigits):\(minute.twoDigits)" }
}

extension Int {
  fileprivate var twoDigits: String { self < 10 ? "0\(self)" : "\(self)" }
}
