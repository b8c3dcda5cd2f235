import ArgumentParser
import Fluvial

/// Fetches one page, by callbacks or by streams: the same request, the same output.
@main struct HTTPGet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "http-get",
    abstract: "Prints an HTTP server's answer: its header, then its body.",
    discussion: """
      http-get http://127.0.0.1:8000/index.html
      http-get --streams 127.0.0.1 8000 /index.html

      Exit codes: 0 for a whole answer, whatever its status; 64 wrong usage, 65 an answer that is too large, \
      68 unknown host, 69 nobody there, 74 a broken connection, 75 too slow, 76 an answer that is not HTTP.
      """)

  @Flag(help: "Use a reader and a writer instead of a protocol class.")
  var streams = false

  @Flag(help: "Ask for the header only.")
  var head = false

  @Option(help: "Give up after so many seconds.")
  var timeout = 30.0

  @Argument(help: "A URL, or a host.")
  var url: String

  @Argument(help: "The port, if the first argument is a host.")
  var port: Int?

  @Argument(help: "The path, if the first argument is a host.")
  var path: String?

  func validate() throws {
    guard timeout > 0, timeout <= 1e6 else {
      throw ValidationError("The timeout must be positive, and at most a million seconds.")
    }
    _ = try request()
  }

  func run() throws {
    let request = try request()
    let (streams, limit) = (streams, Duration.seconds(timeout))
    let failure = try EventLoop.run { () async throws -> Failure? in
      do {
        let output = Output(writer: try await standardOutput())
        try await withTimeout(limit) {
          if streams {
            try await fetchByStreams(request, to: output)
          } else {
            try await output.show(fetchByProtocol(request))
          }
          try await output.flush()
        }
        return nil
      } catch {
        let failure = error as? Failure ?? Failure(error, during: request)
        let complaint = try await standardError()
        try await complaint.write("http-get: \(failure.message)\n")
        try await complaint.flush()
        return failure
      }
    }
    if let failure { throw ExitCode(failure.exitCode) }
  }

  private func request() throws -> Request {
    do { return try Request(url: url, port: port, path: path, head: head) } catch {
      throw ValidationError(error.message)
    }
  }
}
