import FluvialTransports
import Glibc
import Testing

/// Signals to the test process itself, of kinds whose default action would end it.
@Suite(.serialized) struct SignalsTests {
  // P09
  @Test func `a signal that is watched arrives`() throws {
    let received = try EventLoop.run {
      let loop = try #require(EventLoop.current)
      let signals = loop.signals(.user1, .user2)
      kill(getpid(), SIGUSR2)
      return try await signals.next()
    }
    #expect(received == .user2)
  }

  @Test func `signals of one kind that nobody has taken count as one`() throws {
    let received = try EventLoop.run {
      let loop = try #require(EventLoop.current)
      let signals = loop.signals(.user1, .user2)
      for _ in 0..<5 { kill(getpid(), SIGUSR1) }
      // The pipe keeps their order, so that when this one is here the others were seen.
      kill(getpid(), SIGUSR2)
      var received: [Signal] = []
      repeat {
        received.append(try #require(try await signals.next()))
      } while received.last != .user2
      return received
    }
    #expect(received.count(where: { $0 == .user1 }) <= 2)
    #expect(received.last == .user2)
  }

  @Test func `two watchers both get a signal`() throws {
    let received = try EventLoop.run {
      let loop = try #require(EventLoop.current)
      let first = loop.signals(.user1)
      let second = loop.signals(.user1)
      kill(getpid(), SIGUSR1)
      return (try await first.next(), try await second.next())
    }
    #expect(received.0 == .user1)
    #expect(received.1 == .user1)
  }

  // P09
  @Test func `when the last watcher is gone the former action is back`() throws {
    var before = sigaction()
    unsafe sigaction(SIGUSR1, nil, &before)
    let during = try EventLoop.run {
      let loop = try #require(EventLoop.current)
      let signals = loop.signals(.user1)
      var during = sigaction()
      unsafe sigaction(SIGUSR1, nil, &during)
      return withExtendedLifetime(signals) { address(during) }
    }
    var after = sigaction()
    unsafe sigaction(SIGUSR1, nil, &after)
    #expect(during != address(before))
    #expect(address(after) == address(before))
  }

  @Test func `a cancelled wait loses no signal`() throws {
    let received = try EventLoop.run {
      let loop = try #require(EventLoop.current)
      let signals = loop.signals(.user1)
      let waiting = Task(executorPreference: loop.taskExecutor) { try await signals.next() }
      await Task.yield()
      waiting.cancel()
      kill(getpid(), SIGUSR1)
      await #expect(throws: CancellationError.self) { try await waiting.value }
      return try await signals.next()
    }
    #expect(received == .user1)
  }

  @Test func `a signal that cannot be watched is an error`() throws {
    try EventLoop.run {
      let loop = try #require(EventLoop.current)
      await #expect(throws: UVError.invalidArgument) {
        try await loop.signals(Signal(rawValue: SIGKILL)).next()
      }
    }
  }

  @Test func `the end of the loop ends the sequence`() throws {
    let signals = try EventLoop.run { try #require(EventLoop.current).signals(.user1) }
    let answer = try EventLoop.run { try await signals.next() }
    #expect(answer == nil)
  }

  @Test func `a task off the loop may watch`() throws {
    let received = try EventLoop.run {
      let loop = EventLoop.shared
      let signals = loop.signals(.user1)
      // Watching has begun when a later call on that loop has run.
      await withCheckedContinuation { done in loop.execute { done.resume() } }
      kill(getpid(), SIGUSR1)
      return try await signals.next()
    }
    #expect(received == .user1)
  }
}

private func address(_ action: sigaction) -> UInt {
  unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
}
