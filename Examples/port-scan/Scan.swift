import Fluvial

/// What was found at a port.
enum PortState: String {
  /// Somebody listens.
  case open
  /// The machine says that nobody does.
  case closed
  /// No answer in time: a firewall, most likely.
  case silent
  /// The machine cannot be reached at all.
  case unreachable
}

/// Tries many ports, never more than `limit` at a time.
struct Scan: Sendable {
  let host: String
  let limit: Int
  let timeout: Duration

  /// Tells `report` of each port as soon as it is known, one at a time.
  func run(
    _ ports: [Int], report: (_ port: Int, _ state: PortState) async throws -> Void
  ) async throws {
    var waiting = ports.makeIterator()
    try await withThrowingTaskGroup { probes in
      // So many to begin with; then one more for each that is done.
      for _ in 0..<limit {
        guard let port = waiting.next() else { break }
        probes.addTask { (port, try await probe(port)) }
      }
      while let (port, state) = try await probes.next() {
        try await report(port, state)
        if let next = waiting.next() { probes.addTask { (next, try await probe(next)) } }
      }
    }
  }

  private func probe(_ port: Int) async throws -> PortState {
    do {
      let (_, writer) = try await withTimeout(timeout) {
        try await openConnection(host: host, port: port)
      }
      writer.close()
      return .open
    } catch is TimeoutError {
      // The attempt was cancelled, and its descriptor closed, before the time-out came back.
      return .silent
    } catch let error as StreamError where error.code == .connectFailed {
      switch error.cause {
      case .connectionRefused: return .closed
      case .timedOut: return .silent
      default: return .unreachable
      }
    }
  }
}
