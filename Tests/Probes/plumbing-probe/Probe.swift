import Fluvial
import Glibc

/// What can only be seen from outside of a process: its standard streams, its main thread, its end.
///
/// `plumbing-probe <what>`; exits with 64 for a word it does not know.
@main
struct Probe {
  static func main() throws {
    switch CommandLine.arguments.dropFirst().first {
    case "count": try count()
    case "fill": try fill()
    case "flags": try flags()
    case "main-actor": try mainActor()
    case "nested": try nested()
    case "print": try printMuch()
    case "descend": try descend()
    case "drop": try drop()
    case "start-short": try Shortage.startLoops()
    case "serve-short": try Shortage.serve()
    default: exit(64)
    }
  }

  /// Reads standard input to its end and tells how much there was.
  static func count() throws {
    try EventLoop.run {
      let input = try await standardInput()
      let output = try await standardOutput()
      var count = 0
      while let bytes = try await input.read(upTo: 4096) { count += bytes.count }
      try await output.write("\(count) bytes\n")
      try await output.flush()
    }
  }

  /// Writes to standard output until that fails, and says why on standard error.
  static func fill() throws {
    let cause = try EventLoop.run {
      let output = try await standardOutput()
      do {
        while true {
          try await output.write([UInt8](repeating: 120, count: 4096))
          try await output.flush()
        }
      } catch let error as StreamError { return error.cause?.name ?? error.message }
    }
    say(cause, to: STDERR_FILENO)
  }

  /// Tells whether standard input blocks: before, with input and output open, with one of them, and afterwards.
  static func flags() throws {
    func blocks() -> String { fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK == 0 ? "blocks" : "polls" }
    var seen = [blocks()]
    seen += try EventLoop.run {
      var input: StreamReader? = try await standardInput()
      let output = try await standardOutput()
      var inside = [blocks()]
      _ = try await input?.read(upTo: 1)
      input = nil
      for _ in 0..<20 { await Task.yield() }
      inside.append(blocks())
      try await output.write("still here\n")
      try await output.flush()
      return inside
    }
    seen.append(blocks())
    say(seen.joined(separator: " "), to: STDERR_FILENO)
  }

  /// Awaits the main actor inside of a loop that has its thread.
  static func mainActor() throws {
    let sum = try EventLoop.run {
      var sum = 0
      for number in 1...10 {
        sum += await Hall.shared.add(number)
        try await EventLoop.current?.clock.sleep(for: .milliseconds(1))
      }
      return sum
    }
    say("\(sum)", to: STDOUT_FILENO)
  }

  /// Runs a loop inside of a loop.
  static func nested() throws {
    try EventLoop.run { try inner() }
  }

  /// Prints much in the ordinary way while standard input is read as a stream.
  static func printMuch() throws {
    try EventLoop.run {
      let input = try await standardInput()
      while let line = try await input.readLine(), line != "end" {
        print(String(repeating: "x", count: 200_000))
        print("printed")
        fflush(nil)
      }
    }
  }

  /// Starts a child by other means after standard input was used.
  static func descend() throws {
    try EventLoop.run {
      let input = try await standardInput()
      _ = try await input.readLine()
      let look = "for n in 0 1 2; do [ -e /proc/self/fd/$n ] && echo has $n; done; echo child done"
      _ = unsafe system(look)
    }
  }

  /// Forgets to close a connection.
  static func drop() throws {
    try EventLoop.run {
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, _ in
        _ = try await reader.readToEnd()
      }
      do { _ = try await openConnection(host: "127.0.0.1", port: server.localAddresses[0].port) }
      await server.shutdown(grace: .seconds(1))
    }
  }

  private static func inner() throws { try EventLoop.run {} }

  private static func say(_ line: String, to descriptor: Int32) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe write(descriptor, bytes, bytes.count)
  }
}

/// Lives on the main thread.
@MainActor private final class Hall {
  static let shared = Hall()
  private var sum = 0

  func add(_ number: Int) -> Int {
    sum += number
    return sum
  }
}
