// hop-costs: what an await costs, from one place to another. Prints lines of name, tab, nanoseconds.
import Fluvial
import Synchronization

let between = Atomic<Int>(0)

/// Something that a caller does between two calls: without it the compiler leaves out the way back.
@inline(never) nonisolated func doSomething() { between.add(1, ordering: .relaxed) }

/// An actor on a loop.
actor Counter {
  let loop: EventLoop
  private var value = 0
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  init(loop: EventLoop) { self.loop = loop }

  func add() { value &+= 1 }

  /// Calls another actor so often.
  func call(_ other: Counter, times: Int) async {
    for _ in 0..<times {
      await other.add()
      doSomething()
    }
  }
}

/// Calls an actor so often, from wherever the task runs.
@concurrent func call(_ counter: Counter, times: Int) async {
  for _ in 0..<times {
    await counter.add()
    doSomething()
  }
}

/// Waits so often for a call that the loop makes, from wherever the task runs.
@concurrent func waitForCalls(of loop: EventLoop, times: Int) async {
  for _ in 0..<times {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      loop.execute { continuation.resume() }
    }
  }
}

/// The median of several runs of `body`, in nanoseconds a call.
@concurrent func measure(
  _ times: Int, _ body: @escaping @Sendable (Int) async throws -> Void
) async throws -> Double {
  var runs: [Double] = []
  for _ in 0..<9 {
    let clock = ContinuousClock()
    let spent = try await clock.measure { try await body(times) }
    runs.append(Double(spent.components.attoseconds) / 1e9 / Double(times))
  }
  return runs.sorted()[runs.count / 2]
}

func report(_ name: String, _ nanoseconds: Double) {
  print("\(name)\t\(Int(nanoseconds.rounded()))")
}

/// Runs `body` in a task that prefers a loop.
func onLoop(
  _ loop: EventLoop, _ body: @escaping @Sendable () async throws -> Void
) async throws {
  try await Task(executorPreference: loop.taskExecutor) { try await body() }.value
}

let group = try EventLoopGroup(loops: 2)
let (here, there) = (group.loops[0], group.loops[1])
let counter = Counter(loop: here)
let neighbour = Counter(loop: here)

report(
  "an actor on a loop calls another on the same loop",
  try await measure(50_000) { times in
    try await onLoop(here) { await neighbour.call(counter, times: times) }
  })
report(
  "the same in a task that prefers no executor",
  try await measure(20_000) { times in await neighbour.call(counter, times: times) })
report(
  "a task that prefers the loop calls an actor on it",
  try await measure(20_000) { times in
    try await onLoop(here) { await call(counter, times: times) }
  })
report(
  "a task on another loop calls it",
  try await measure(2_000) { times in
    try await onLoop(there) { await call(counter, times: times) }
  })
report(
  "a task on the global executor calls it",
  try await measure(2_000) { times in await call(counter, times: times) })

report(
  "a task that prefers the loop waits for a call of it",
  try await measure(20_000) { times in
    try await onLoop(here) { await waitForCalls(of: here, times: times) }
  })
report(
  "a task on the global executor waits for it",
  try await measure(2_000) { times in await waitForCalls(of: here, times: times) })

let server = try await startServer(host: "127.0.0.1", port: 0, on: here) { _, writer in
  try await writer.write([UInt8](repeating: 1, count: 60_000))
  try await writer.flush()
  // Until the reader below has what it needs.
  try await here.clock.sleep(for: .seconds(20))
}
let port = server.localAddresses[0].port
let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port, on: here)
_ = try await reader.peek(60_000)
report(
  "a task on the global executor reads what has come already",
  try await measure(6_000) { times in
    for _ in 0..<times { _ = try await reader.read(upTo: 1) }
  })
writer.abort()
server.close()
server.abortClients()
await group.shutdown()
