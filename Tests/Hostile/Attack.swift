import CheckRows
import Fluvial
import StreamTestSupport

/// A running victim, as its attackers see it.
struct Attack: Sendable {
  let process: ChildProcess
  /// Of streams, and of protocol objects.
  let ports: (streams: Int, protocols: Int)
  private let output: StreamReader

  /// What the victim says in the end.
  struct Aftermath: Sendable {
    var contexts = 0
    /// What serving threw.
    var thrown = ""
  }

  var clock: LoopClock { process.loop.clock }

  /// Runs `body` beside a victim on a loop of its own.
  static func run<Result: Sendable>(
    deadline: Duration = .seconds(20), highMark: Int? = nil,
    _ body: @escaping @Sendable (Attack) async throws -> Result
  ) throws -> (result: Result, aftermath: Aftermath) {
    let words =
      ["victim", "\(Int(deadline / .milliseconds(1)))"] + (highMark.map { ["\($0)"] } ?? [])
    return try EventLoop.run {
      try await withProcess("/proc/self/exe", words, input: .pipe, output: .pipe) { process in
        guard let output = process.standardOutput, let line = try await output.readLine() else {
          throw CheckFailure("The server did not start.")
        }
        let ports = line.split(separator: " ").compactMap { Int($0) }
        guard ports.count == 2 else { throw CheckFailure("The server said \(line).") }
        let attack = Attack(process: process, ports: (ports[0], ports[1]), output: output)
        let result = try await body(attack)
        process.standardInput?.close()
        let words = try await attack.nextLine().split(separator: " ", maxSplits: 3)
        guard words.first == "left", words.count == 4, let left = Int(words[1]) else {
          throw CheckFailure("The server ended with \(words).")
        }
        return (result, Aftermath(contexts: left, thrown: String(words[3])))
      }
    }
  }

  /// The next that the victim has to say.
  func nextLine() async throws -> String { try await output.readLine() ?? "nothing more" }

  func residentKiB() throws -> Int {
    try ProcessFigures.residentKiB(of: "\(process.processID)")
  }

  func descriptors() throws -> Int {
    try ProcessFigures.count("fd", of: "\(process.processID)")
  }

  /// The most memory that the victim had while `body` ran, beyond what it had before.
  func growthKiB(during body: () async throws -> Void) async throws -> Int {
    let before = try residentKiB()
    let most = Record<Int>()
    let sampling = start {
      while !Task.isCancelled {
        most.add(try residentKiB())
        try await clock.sleep(for: .milliseconds(20))
      }
    }
    try await body()
    sampling.cancel()
    _ = await sampling.result
    return max(most.all.max() ?? 0, try residentKiB()) - before
  }

  /// A connection that has said what it wants.
  func connect(_ request: String, buffers: Int32? = nil) throws -> RawSocket {
    let socket = try RawSocket.connect(port: ports.streams, buffers: buffers)
    try socket.send(request + "\n")
    return socket
  }
}
