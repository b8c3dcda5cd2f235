import FluvialPrimitives
import FluvialTransports
import StreamTestSupport
import Testing

/// Timers, timeouts, and calls from other threads.
@Suite struct TimerTests {
  // P10
  @Test func `timers fire in the order of their times, never early`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let start = loop.clock.now
      let fired = Record<(wanted: Duration, after: Duration)>()
      for milliseconds in [9, 3, 6, 1, 7, 3, 2, 8, 5, 4] {
        let wanted = Duration.milliseconds(milliseconds)
        loop.schedule(at: start.advanced(by: wanted)) {
          fired.add((wanted, start.duration(to: loop.clock.now)))
        }
      }
      try await eventually("all fired") { fired.all.count == 10 }
      #expect(fired.all.map(\.wanted) == fired.all.map(\.wanted).sorted())
      #expect(fired.all.allSatisfy { $0.after >= $0.wanted })
    }
  }

  // P10
  @Test func `timers of one time fire in the order in which they were set`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let soon = loop.clock.now.advanced(by: .milliseconds(2))
      let fired = Record<Int>()
      for number in 0..<100 { loop.schedule(at: soon) { fired.add(number) } }
      try await eventually("all fired") { fired.all.count == 100 }
      #expect(fired.all == Array(0..<100))
    }
  }

  // P10
  @Test func `zero and negative delays mean soon, but not at once`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let fired = Flag()
      for delay in [Duration.zero, .seconds(-5), .seconds(-Int64.max / 2)] {
        loop.schedule(after: delay) { fired.raise() }
      }
      #expect(!fired.isRaised)
      try await eventually("all fired") { fired.count == 3 }
      try await loop.clock.sleep(for: .seconds(-1))
    }
  }

  // P10
  @Test func `a timer that sets itself anew in the past does not hold up the loop`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let count = Flag()
      @Sendable func again() {
        count.raise()
        if count.count < 5 { loop.schedule(after: .seconds(-1)) { again() } }
      }
      let turned = Flag()
      loop.schedule(after: .seconds(-1)) {
        again()
        loop.execute { if count.count < 5 { turned.raise() } }
      }
      try await eventually("all fired") { count.count == 5 }
      #expect(turned.isRaised)
    }
  }

  // P10
  @Test func `a timer that is cancelled never fires`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let fired = Flag()
      let calls = (0..<100).map { number in
        loop.schedule(after: .milliseconds(number % 3)) { fired.raise() }
      }
      for call in calls.shuffled() {
        call.cancel()
        call.cancel()
      }
      // One timer may stop another that is due in the same turn.
      let soon = loop.clock.now.advanced(by: .milliseconds(1))
      let second = Record<ScheduledCall>()
      loop.schedule(at: soon) { second.all.first?.cancel() }
      second.add(loop.schedule(at: soon) { fired.raise() })
      try await loop.clock.sleep(for: .milliseconds(6))
      #expect(!fired.isRaised)
    }
  }

  // P10
  @Test func `a delay for ever is no problem`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let fired = Flag()
      let far = [Duration.seconds(Int64.max / 2), .seconds(1 << 40)].map { delay in
        loop.schedule(after: delay) { fired.raise() }
      }
      try await loop.clock.sleep(for: .milliseconds(3))
      #expect(!fired.isRaised)
      for call in far { call.cancel() }
    }
  }

  // P11
  @Test func `a call from another thread wakes a waiting loop and runs on it`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let other = EventLoop.shared
      for _ in 0..<100 {
        let ran: Bool = await withCheckedContinuation { continuation in
          other.execute { loop.execute { continuation.resume(returning: loop.isCurrent) } }
        }
        #expect(ran)
      }
    }
  }

  // P11
  @Test func `calls from one thread run in their order`() throws {
    try onLoop {
      let loop = try #require(EventLoop.current)
      let order = Record<Int>()
      EventLoop.shared.execute {
        for number in 0..<1000 { loop.execute { order.add(number) } }
      }
      try await eventually("all ran") { order.all.count == 1000 }
      #expect(order.all == Array(0..<1000))
    }
  }

  @Test func `withTimeout gives the result, the error, or a timeout that names its limit`() throws {
    struct Failure: Error {}
    try onLoop {
      #expect(try await withTimeout(.seconds(30)) { 7 } == 7)
      await #expect(throws: Failure.self) {
        try await withTimeout(.seconds(30)) { throw Failure() }
      }
      let limit = Duration.milliseconds(2)
      let error = await #expect(throws: TimeoutError.self) {
        try await withTimeout(limit) {
          try await EventLoop.current?.clock.sleep(for: .seconds(3600))
        }
      }
      #expect(error?.limit == limit)
      // What succeeds all the same is not thrown away.
      let late = try await withTimeout(.milliseconds(1)) {
        try? await EventLoop.current?.clock.sleep(for: .seconds(3600))
        return "done"
      }
      #expect(late == "done")
    }
  }

  @Test func `cancelling the caller of withTimeout cancels its body`() throws {
    try onLoop {
      let task = start {
        try await withTimeout(.seconds(3600)) {
          try await EventLoop.current?.clock.sleep(for: .seconds(3600))
        }
      }
      await turns()
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }
}
