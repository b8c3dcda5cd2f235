internal import Logging

/// Where the library reports what has no caller to throw to: the program's log, nothing on standard output.
package enum Report {
  private static let log = Logger(label: "fluvial")

  package static func warning(_ message: String, _ details: [String: String] = [:]) {
    log.warning("\(message)", metadata: details.mapValues { .string($0) })
  }

  package static func error(_ message: String, _ details: [String: String] = [:]) {
    log.error("\(message)", metadata: details.mapValues { .string($0) })
  }
}
