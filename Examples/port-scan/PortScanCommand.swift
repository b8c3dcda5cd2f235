import ArgumentParser
import Fluvial
import ProgramSupport

/// Tries the ports of one host, many at a time: the program around ``Scan``.
@main struct PortScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "port-scan",
    abstract: "Tells which ports of a host are open.",
    discussion: """
      port-scan 127.0.0.1 --ports 8000-8020
      port-scan localhost --ports 22,80,8000-8100 --at-once 50 --timeout 0.5

      Scan your own machines. Open ports are printed one a line; the rest is counted at the end. On a terminal a bar \
      shows how far it is.
      Exit codes: 0 whatever was found, 64 wrong usage, 68 unknown host.
      """,
    version: programVersion)

  @Argument(help: "The host.")
  var host: String

  @Option(help: "The ports: numbers and ranges, a comma between them.")
  var ports = PortList(1...1024)

  @Option(name: .customLong("at-once"), help: "How many ports to try at the same time.")
  var limit = 100

  @Option(help: "How many seconds to wait for an answer.")
  var timeout = 1.0

  func validate() throws {
    guard (1...10_000).contains(limit) else {
      throw ValidationError("Between 1 and 10000 ports can be tried at once, not \(limit).")
    }
    guard timeout > 0, timeout <= 3600 else {
      throw ValidationError("The timeout must be positive, and at most an hour.")
    }
  }

  func run() throws {
    let (host, ports, limit, timeout) = (host, ports.numbers, limit, Duration.seconds(timeout))
    try runProgram("port-scan") {
      let loop = EventLoop.current ?? .shared
      // Once, and not for each port.
      guard let address = try await loop.resolve(host: host, port: 0).first else {
        throw Failure("\(host) has no address.", .noHost)
      }
      let scan = Scan(host: address.host, limit: limit, timeout: timeout)
      let output = try await standardOutput()
      let bar = await ProgressBar(total: ports.count)
      var counts: [PortState: Int] = [:]
      try await scan.run(ports) { port, state in
        counts[state, default: 0] += 1
        if state == .open {
          await bar.clear()
          try await output.writeLine("\(port) open")
          // Before the bar is back: it goes another way to the same screen.
          try await output.flush()
        }
        bar.advance()
      }
      await bar.clear()
      let summary = [PortState.open, .closed, .silent, .unreachable]
        .filter { $0 != .unreachable || counts[$0] != nil }
        .map { "\(counts[$0, default: 0]) \($0.rawValue)" }
      try await output.writeLine(summary.joined(separator: ", "))
      try await output.flush()
    }
  }
}

/// The ports to try, as the command line has them.
struct PortList: ExpressibleByArgument {
  let numbers: [Int]

  init(_ numbers: some Sequence<Int>) { self.numbers = Array(numbers) }

  init?(argument: String) {
    var numbers: [Int] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        (1...65535).contains(first), (first...65535).contains(last)
      else { return nil }
      numbers += first...last
    }
    self.numbers = numbers
  }

  /// What `--help` shows for the ports that are tried unless told otherwise.
  var defaultValueDescription: String { "1-1024" }
}
