import Glibc

/// The moment at which a wait in a test gives up.
struct Deadline {
  private let end: ContinuousClock.Instant

  /// A limit of seconds is for programs that hang, so it grows where programs are slow; a short one is meant.
  init(within limit: Duration) {
    end = .now + (limit < .seconds(5) ? limit : limit * BuildKind.patience)
  }

  /// For `poll`: rounded up, and 0 when the moment has passed.
  var milliseconds: Int32 {
    let left = ContinuousClock.now.duration(to: end)
    guard left > .zero else { return 0 }
    return Int32(clamping: Int64(left / .milliseconds(1)) + 1)
  }

  /// Waits until something happens on one of the descriptors; false when the time is over.
  ///
  /// A negative descriptor is passed over.
  func wait(for descriptors: inout [pollfd]) throws(HarnessError) -> Bool {
    while true {
      let count = unsafe poll(&descriptors, nfds_t(descriptors.count), milliseconds)
      if count > 0 { return true }
      if count == 0 { return false }
      if errno != EINTR { throw HarnessError("poll failed with errno \(errno).") }
    }
  }
}

extension pollfd {
  static func reading(_ fd: Int32) -> pollfd { pollfd(fd: fd, events: Int16(POLLIN), revents: 0) }
  static func writing(_ fd: Int32) -> pollfd { pollfd(fd: fd, events: Int16(POLLOUT), revents: 0) }

  var isReady: Bool { revents != 0 }
}
