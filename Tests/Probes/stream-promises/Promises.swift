import Fluvial
import Glibc

/// What the streams promise, as a program that a user might write; each prints what it saw.
///
/// `stream-promises <what>`; exits with 64 for a word it does not know.
@main
struct Promises {
  static func main() throws {
    switch CommandLine.arguments.dropFirst().first {
    case "delivery": try EventLoop.run { try await delivery() }
    case "late-reader": try LateReader.run()
    case "timeouts": try EventLoop.run { try await timeouts() }
    case "cancelled-writes": try EventLoop.run { try await cancelledWrites() }
    case "shutdown": try EventLoop.run { try await shutdowns() }
    default: exit(64)
    }
  }

  /// Four million bytes in a scope, to a process that begins to read when the body is over.
  static func delivery() async throws {
    let program = CommandLine.arguments[0]
    try await withProcess(program, ["late-reader"], input: .pipe, output: .pipe) { peer in
      guard let output = peer.standardOutput, let input = peer.standardInput,
        let port = try await output.readLine().flatMap({ Int($0) })
      else { throw StreamError(.startFailed, "The reader does not say its port.") }
      let clock = ContinuousClock()
      let begin = clock.now
      let told = try await withThrowingTaskGroup(of: Void.self) { group in
        let body = try await withConnection(host: "127.0.0.1", port: port) { reader, writer in
          while reader.bufferedCount < 50_000 { await Task.yield() }
          try await writer.write([UInt8](repeating: 77, count: 4_000_000))
          group.addTask {
            // The body is over long before this.
            try await EventLoop.current?.clock.sleep(for: .milliseconds(300))
            try await input.writeLine("read now")
          }
          return begin.duration(to: clock.now)
        }
        try await group.waitForAll()
        return
          "body \(body.milliseconds) ms, scope \(begin.duration(to: clock.now).milliseconds) ms"
      }
      print(told)
      print("the peer read \(try await output.readLine() ?? "nothing")")
    }
  }

  /// A read that times out a hundred times in a row, and then is given its line.
  static func timeouts() async throws {
    let (reader, writer) = try await openPipe()
    try await writer.write("here ")
    var timedOut = 0
    while timedOut < 100 {
      do {
        _ = try await withTimeout(.milliseconds(1)) { try await reader.readLine() }
      } catch is TimeoutError { timedOut += 1 }
    }
    try await writer.writeLine("at last")
    print("\(timedOut) timed out, then: \(try await reader.readLine() ?? "nothing")")
    writer.close()
  }

  /// Writes to a slow reader with a time for each: what threw must not arrive, what did not must.
  static func cancelledWrites() async throws {
    var ends: [Int32] = [-1, -1]
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { exit(1) }
    let near = try await openConnection(adopting: ends[0])
    let far = try await openConnection(adopting: ends[1])
    // However slow the writer is: the reader stops now and then until a write has thrown.
    let turns = try await openPipe()
    let reading = Task(executorPreference: near.writer.loop.taskExecutor) {
      var got: [Int] = []
      while let line = try await far.reader.readLine() {
        guard let number = Int(line.prefix { $0 != " " }), line.utf8.count == length(number) else {
          throw StreamError(.broken, "A torn line.")
        }
        got.append(number)
        if got.count.isMultiple(of: 20) { _ = try await turns.reader.readLine() }
      }
      return got
    }
    var accepted: [Int] = []
    var threw = 0
    var number = 0
    while threw < 150 || accepted.count < 150 {
      number += 1
      let line = "\(number) ".padded(to: length(number))
      do {
        try await withTimeout(.microseconds(200)) { try await near.writer.writeLine(line) }
        accepted.append(number)
      } catch is TimeoutError {
        threw += 1
        try await turns.writer.writeLine("go on")
      }
    }
    near.writer.close()
    turns.writer.close()
    let got = try await reading.value
    far.writer.close()
    print("\(threw) threw, \(accepted.count) were accepted,", terminator: " ")
    print(got == accepted ? "the peer read exactly those" : "the peer read \(got.count) others")
  }

  private static func length(_ number: Int) -> Int { 2000 + number % 7000 }

  /// A server with an idle client and one that never reads is shut down, ten times.
  static func shutdowns() async throws {
    var times: [Int64] = []
    for _ in 0..<10 {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await writer.writeLine("welcome")
        guard try await reader.readLine() == "flood" else { return }
        while true { try await writer.write([UInt8](repeating: 1, count: 65_536)) }
      }
      let port = server.localAddresses[0].port
      let idle = try await openConnection(host: "127.0.0.1", port: port)
      _ = try await idle.reader.readLine()
      let deaf = try await openConnection(host: "127.0.0.1", port: port, limit: 1)
      try await deaf.writer.writeLine("flood")
      while server.connectionCount < 2 { await Task.yield() }
      try await server.loop.clock.sleep(for: .milliseconds(50))
      let begin = ContinuousClock.now
      await server.shutdown(grace: .milliseconds(500))
      times.append(begin.duration(to: .now).milliseconds)
      idle.writer.abort()
      deaf.writer.abort()
    }
    print("shutdown took \(times.min() ?? 0) to \(times.max() ?? 0) ms")
  }
}

extension Duration {
  var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}

extension String {
  /// With dots behind it up to so many bytes.
  func padded(to count: Int) -> String {
    self + String(repeating: ".", count: max(0, count - utf8.count))
  }
}
