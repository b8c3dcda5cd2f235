import ArgumentParser
import Fluvial
import ProgramSupport

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
      """,
    version: programVersion)

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
    try runProgram("http-get") {
      let output = Output(writer: try await standardOutput())
      do {
        try await withTimeout(limit) {
          if streams {
            try await fetchByStreams(request, to: output)
          } else {
            try await output.show(fetchByProtocol(request))
          }
          try await output.flush()
        }
      } catch { throw Failure(error, during: request) }
    }
  }

  private func request() throws -> Request {
    do { return try Request(url: url, port: port, path: path, head: head) } catch {
      throw ValidationError(error.message)
    }
  }
}
