/// Connecting to the first of several addresses that answers: RFC 8305, section 5.
extension EventLoop {
  /// A connected descriptor and the address it is connected to.
  ///
  /// An attempt starts when the one before failed, or `delay` after it began; the first that succeeds wins and the others
  /// are closed. Throws ``ConnectError`` with every attempt's error. Runs on the loop.
  package func connectFirst(
    of addresses: [SocketAddress], from local: SocketAddress?, delay: Duration
  ) async throws -> OwnedDescriptor {
    let winner = try await withTaskExecutorPreference(taskExecutor) {
      try await race(Self.interleaved(addresses), from: local, delay: delay)
    }
    return OwnedDescriptor(winner)
  }

  /// The families by turns, the first one's first; duplicates dropped.
  package static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
    var seen: Set<SocketAddress> = []
    let distinct = addresses.filter { seen.insert($0).inserted }
    let first = distinct.filter { $0.family == distinct.first?.family }
    let second = distinct.filter { $0.family != distinct.first?.family }
    var result: [SocketAddress] = []
    for index in 0..<max(first.count, second.count) {
      if index < first.count { result.append(first[index]) }
      if index < second.count { result.append(second[index]) }
    }
    return result
  }

  private enum Event: Sendable {
    case connected(Int32)
    case failed(SocketAddress, any Error)
    case timeForNext(attempt: Int)
  }

  @concurrent
  private func race(
    _ addresses: [SocketAddress], from local: SocketAddress?, delay: Duration
  ) async throws -> Int32 {
    guard !addresses.isEmpty else { throw ConnectError(attempts: []) }
    return try await withThrowingTaskGroup(of: Event.self) { group in
      var started = 0
      var running = 0
      var winner: Int32?
      var attempts: [ConnectError.Attempt] = []

      func startNext(in group: inout ThrowingTaskGroup<Event, any Error>) {
        guard winner == nil, started < addresses.count, !Task.isCancelled else { return }
        let address = addresses[started]
        started += 1
        running += 1
        group.addTask {
          do {
            return .connected(try await self.connectSocket(to: address, from: local).take())
          } catch { return .failed(address, error) }
        }
        guard started < addresses.count else { return }
        let attempt = started
        group.addTask {
          try? await self.clock.sleep(for: delay)
          return .timeForNext(attempt: attempt)
        }
      }

      startNext(in: &group)
      while running > 0 || started < addresses.count, let event = try await group.next() {
        switch event {
        case .connected(let descriptor):
          running -= 1
          // Two may succeed before the second hears that it lost.
          if winner == nil { winner = descriptor } else { _ = OwnedDescriptor(descriptor) }
          group.cancelAll()
        case .failed(let address, let error):
          running -= 1
          if let error = error as? UVError {
            attempts.append(.init(address: address, error: error))
          }
          startNext(in: &group)
        case .timeForNext(let attempt):
          if attempt == started { startNext(in: &group) }
        }
        if winner != nil || Task.isCancelled {
          group.cancelAll()
          if running == 0 { break }
        }
      }
      group.cancelAll()
      if let winner {
        let owned = OwnedDescriptor(winner)
        // Closes it, whenever the cancellation came.
        try Task.checkCancellation()
        return owned.take()
      }
      try Task.checkCancellation()
      throw ConnectError(attempts: attempts)
    }
  }
}
