internal import Logging

/// Where the library reports what has no caller to throw to: the program's log, nothing on standard output.
///
/// A message is always the same words; what changes from time to time stands in the metadata, under these keys: `error`,
/// `address` (where a server listens), `peer` (who is at the other end), `count`, `pause` and `opened` (a place in the
/// program's source). Errors are what somebody has to mend, warnings what the library copes with, debug what goes well.
package enum Report {
  private static let log = Logger(label: "fluvial")

  package static func debug(_ message: String, _ details: [String: String] = [:]) {
    log.debug("\(message)", metadata: details.mapValues { .string($0) })
  }

  package static func warning(_ message: String, _ details: [String: String] = [:]) {
    log.warning("\(message)", metadata: details.mapValues { .string($0) })
  }

  package static func error(_ message: String, _ details: [String: String] = [:]) {
    log.error("\(message)", metadata: details.mapValues { .string($0) })
  }
}
