import CheckRows
import Fluvial
import FluvialTransports
import StreamTestSupport

/// The other side of the traffic: `peer echo | pump | pump-unix | pump-pipes SECONDS MOST SEED [PATH]`.
///
/// Servers print where they listen, serve until their standard input ends, and print what came of it.
enum PeerProgram {
  static func run(_ words: [String]) -> Int32 {
    do {
      try EventLoop.run { try await serve(words) }
      return 0
    } catch {
      print("failed \(error)")
      return 1
    }
  }

  private static func serve(_ words: [String]) async throws {
    let numbers = words.dropFirst().prefix(3).compactMap { UInt64($0) }
    guard numbers.count == 3 else { throw CheckFailure("Three numbers are needed.") }
    let pump = Pump(duration: .milliseconds(numbers[0]), most: Int(numbers[1]), seed: numbers[2])
    switch words.first {
    case "echo":
      try await listen {
        try await startServer(host: "127.0.0.1", port: 0, handler: $0)
      } _: {
        let bytes = try await $0.read(exactly: 64)
        try await $1.write(bytes)
        _ = try await $0.read(upTo: 1)
        return Pump.Count()
      }
    case "pump":
      try await listen {
        try await startServer(host: "127.0.0.1", port: 0, handler: $0)
      } _: {
        try await pump.run($0, $1)
      }
    case "pump-unix":
      guard let path = words.last else { throw CheckFailure("A path is needed.") }
      try await listen {
        try await startServer(unixPath: path, handler: $0)
      } _: {
        try await pump.run($0, $1)
      }
    case "pump-pipes":
      let output = try await standardOutput()
      _ = try await pump.run(try await standardInput(), output)
      // Nobody else closes it, and what is still waiting ends with the loop.
      try await output.flush()
    default: throw CheckFailure("\(words.first ?? "Nothing") is not known.")
    }
  }

  /// Serves until standard input ends and every connection has.
  private static func listen(
    _ start: (@escaping Server.Handler) async throws -> Server,
    _ body: @escaping @Sendable (StreamReader, StreamWriter) async throws -> Pump.Count
  ) async throws {
    let outcomes = Record<Pump.Count>()
    let failures = Record<String>()
    let server = try await start { reader, writer in
      do { outcomes.add(try await body(reader, writer)) } catch { failures.add("\(error)") }
    }
    let output = try await standardOutput()
    try await output.write("port \(server.localAddresses.first?.port ?? 0)\n")
    _ = try await standardInput().readToEnd()
    await server.shutdown(grace: .seconds(5))
    let total = outcomes.all.reduce(Pump.Count(), +)
    let first = failures.all.first ?? "none"
    try await output.write(
      "done \(outcomes.all.count) \(total.sent) \(total.received) \(failures.all.count) \(first)\n")
    try await output.flush()
  }
}

/// A running ``PeerProgram``, as its parent sees it.
struct Peer: Sendable {
  /// What it says in the end.
  struct Summary: Sendable {
    var connections = 0
    var count = Pump.Count()
    var failures = 0
    var firstFailure = ""
  }

  let process: ChildProcess
  let port: Int

  static func arguments(_ kind: String, _ pump: Pump) -> [String] {
    ["peer", kind, "\(Int(pump.duration / .milliseconds(1)))", "\(pump.most)", "\(pump.seed)"]
  }

  /// Runs `body` beside a server, and returns what both made of it.
  static func beside<Result: Sendable>(
    _ kind: String, _ pump: Pump, _ more: [String] = [],
    _ body: (Peer) async throws -> Result
  ) async throws -> (result: Result, summary: Summary) {
    try await withProcess(
      "/proc/self/exe", arguments(kind, pump) + more, input: .pipe, output: .pipe
    ) { process in
      guard let output = process.standardOutput, let line = try await output.readLine(),
        let port = line.split(separator: " ").last.flatMap({ Int($0) })
      else { throw CheckFailure("The other process did not start.") }
      let result = try await body(Peer(process: process, port: port))
      process.standardInput?.close()
      let last = try await output.readLine() ?? ""
      let words = last.split(separator: " ", maxSplits: 5)
      let numbers = words.dropFirst().prefix(4).compactMap { Int($0) }
      guard words.first == "done", numbers.count == 4 else {
        throw CheckFailure("The other process said \(last.debugDescription).")
      }
      return (
        result,
        Summary(
          connections: numbers[0], count: Pump.Count(sent: numbers[1], received: numbers[2]),
          failures: numbers[3], firstFailure: String(words.last ?? ""))
      )
    }
  }
}
