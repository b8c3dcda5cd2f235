import Fluvial
import Glibc
import StreamTestSupport

/// What happens while the process has few descriptors left, or none.
///
/// In a program of its own that has nothing on Swift's own pool of threads: libdispatch looks after that pool by opening a
/// file, and ends the process when it cannot.
enum Shortage {
  /// Starts loops with so many descriptors left, and says how that went.
  static func startLoops() throws {
    let before = openDescriptorCount()
    // The first loop of a process is the one that libuv would abort over.
    for spare in 0...7 {
      do {
        try withDescriptors(left: spare) { try EventLoop.run {} }
        throw TestFailure("It ran with \(spare).")
      } catch let error as UVError {
        guard error == .tooManyDescriptors else { throw error }
      }
      guard openDescriptorCount() == before else { throw TestFailure("\(spare) leave some open.") }
    }
    try withDescriptors(left: 12) { try EventLoop.run {} }
    let warm = openDescriptorCount()
    for _ in 0..<3 { try withDescriptors(left: 12) { try EventLoop.run {} } }
    guard openDescriptorCount() == warm else { throw TestFailure("A second one leaves some open.") }
    print("refused, then ran")
  }

  /// Serves clients while there is no descriptor left for them, then when there are some.
  static func serve() throws {
    try EventLoop.run {
      let served = Flag()
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in
        served.raise()
        try await writer.write("served")
      }
      let port = server.localAddresses[0].port
      let clients = try (0..<3).map { _ in try RawSocket.connect(port: port) }
      guard let loop = EventLoop.current else { throw TestFailure("Not on a loop.") }
      // Nobody was accepted yet: nothing has turned since.
      let limit = try lower()
      let start = loop.clock.now
      let cpu = usedNanoseconds()
      try await loop.clock.sleep(for: .milliseconds(250))
      guard start.duration(to: loop.clock.now) < .seconds(5) else {
        throw TestFailure("Its timers were late.")
      }
      // No spin: a quarter of a second of it would show.
      guard usedNanoseconds() - cpu < 100_000_000 else { throw TestFailure("It was busy waiting.") }
      guard !served.isRaised else { throw TestFailure("It was not short of anything.") }
      raise(to: limit)
      for client in clients {
        guard try await client.receive(exactly: 6) == bytes("served") else {
          throw TestFailure("It serves something else.")
        }
      }
      await server.shutdown(grace: .seconds(1))
      print("waited, then served \(served.count)")
    }
  }

  private static let number = __rlimit_resource_t(7)

  private static func lower() throws -> rlim_t {
    var limit = rlimit()
    guard unsafe getrlimit(number, &limit) == 0 else { throw TestFailure("No limit.") }
    let before = limit.rlim_cur
    limit.rlim_cur = 1
    _ = unsafe setrlimit(number, &limit)
    return before
  }

  private static func raise(to before: rlim_t) {
    var limit = rlimit()
    _ = unsafe getrlimit(number, &limit)
    limit.rlim_cur = before
    _ = unsafe setrlimit(number, &limit)
  }

  private static func usedNanoseconds() -> Int {
    var used = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)
    return used.tv_sec * 1_000_000_000 + used.tv_nsec
  }
}
