internal import CTestSupport
internal import Fluvial
internal import Glibc

/// System calls that the kernel refuses to the calling thread from now on: for a test in a process of its own.
package enum Refusals {
  /// What gives out a descriptor.
  package enum Call: String, CaseIterable, Codable, Sendable {
    case open, duplicate, pipe, eventCounter, epoll
  }

  package static func call(_ call: Call, error: Int32) throws {
    switch call {
    case .open: try refuse(fts_refuse_call(FTS_CALL_OPEN, -1, 0, -1, 0, error))
    case .duplicate:
      try refuse(fts_refuse_call(FTS_CALL_FCNTL, 1, UInt32(F_DUPFD_CLOEXEC), -1, 0, error))
    case .pipe: try refuse(fts_refuse_call(FTS_CALL_PIPE, -1, 0, -1, 0, error))
    case .eventCounter: try refuse(fts_refuse_call(FTS_CALL_EVENT_COUNTER, -1, 0, -1, 0, error))
    case .epoll: try refuse(fts_refuse_call(FTS_CALL_EPOLL, -1, 0, -1, 0, error))
    }
  }

  /// An option of sockets.
  package static func socketOption(level: Int32, name: Int32, error: Int32) throws {
    try refuse(fts_refuse_call(FTS_CALL_SETSOCKOPT, 1, UInt32(level), 2, UInt32(name), error))
  }

  /// New sockets of a family.
  package static func sockets(ofFamily family: Int32, error: Int32) throws {
    try refuse(fts_refuse_call(FTS_CALL_SOCKET, 0, UInt32(family), -1, 0, error))
  }

  private static func refuse(_ status: Int32) throws {
    if status < 0 { throw TestFailure("The kernel refuses nothing here (\(-status)).") }
  }
}

/// Leaves exactly `spare` descriptors to the process, for the time of `body`: for a process of its own.
package func withDescriptors<Result>(
  left spare: Int, _ body: () throws -> Result
) throws -> Result {
  let number = __rlimit_resource_t(7)
  var limit = rlimit()
  _ = unsafe getrlimit(number, &limit)
  let before = limit.rlim_cur
  limit.rlim_cur = min(before, 128)
  _ = unsafe setrlimit(number, &limit)
  var fillers: [Int32] = []
  while true {
    let filler = fcntl(0, F_DUPFD_CLOEXEC, 0)
    if filler < 0 { break }
    fillers.append(filler)
  }
  for _ in 0..<min(spare, fillers.count) { close(fillers.removeLast()) }
  defer {
    for filler in fillers { close(filler) }
    limit.rlim_cur = before
    _ = unsafe setrlimit(number, &limit)
  }
  return try body()
}
