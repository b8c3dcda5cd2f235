import Fluvial
import Glibc
import StreamTestSupport
import Testing

/// Serves clients while the process has no descriptor left for them, then when it has.
///
/// Lowers the process's limit: for a process of its own.
func serveWithoutDescriptors() throws {
  try EventLoop.run {
    let served = Flag()
    let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in
      served.raise()
      try await writer.write("served")
    }
    let port = server.localAddresses[0].port
    let clients = try (0..<3).map { _ in try RawSocket.connect(port: port) }
    // Nobody was accepted yet: nothing has turned since.
    var limit = rlimit()
    unsafe try #require(getrlimit(__rlimit_resource_t(7), &limit) == 0)
    let before = limit.rlim_cur
    limit.rlim_cur = 1
    unsafe try #require(setrlimit(__rlimit_resource_t(7), &limit) == 0)
    // The loop turns, and timers with it.
    let loop = try #require(EventLoop.current)
    let start = loop.clock.now
    var used = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)
    let cpu = used.tv_sec * 1_000_000_000 + used.tv_nsec
    try await loop.clock.sleep(for: .milliseconds(250))
    #expect(start.duration(to: loop.clock.now) < .seconds(2))
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)
    // No spin: a quarter of a second of it would show.
    #expect(used.tv_sec * 1_000_000_000 + used.tv_nsec - cpu < 100_000_000)
    #expect(!served.isRaised)
    limit.rlim_cur = before
    unsafe try #require(setrlimit(__rlimit_resource_t(7), &limit) == 0)
    for client in clients {
      let said = try await client.receive(exactly: 6)
      #expect(said.text == "served")
    }
    #expect(served.count == 3)
    await server.shutdown(grace: .seconds(1))
  }
}
