import Fluvial
import Glibc
import Synchronization
import TestSupport
import Testing

/// The chat client and servers that come and go.
@Suite struct ChatClientReconnectTests {
  private static let welcome = "* Welcome, ann! 1 user(s) online.\n"

  @Test func `a server that throws its clients out is not hammered`() throws {
    let clock = ContinuousClock()
    let connects = Mutex<[ContinuousClock.Instant]>([])
    // In, and out again.
    let handler: Server.Handler = { reader, writer in
      connects.withLock { $0.append(clock.now) }
      _ = try await reader.readLine()
      try await writer.write(Self.welcome)
    }
    try withLoopbackServer(handler: handler) { port in
      let ann = try ChatClientRun("ann", at: port)
      var announced: [Int] = []
      let start = clock.now
      while clock.now - start < .seconds(9), announced.count < 5 {
        let notice = "! connection lost; reconnecting in "
        guard (try? ann.terminal.waitFor(notice, within: .seconds(9))) != nil else { break }
        let seconds = try ann.terminal.waitFor(" s").dropLast(2)
        announced.append(try #require(Int(seconds)))
      }
      ann.client.signal(SIGTERM)
      _ = try ann.finish()
      let moments = connects.withLock { $0 }
      // Each pause is random below 1, 2, 4, 8 ... seconds: that more than seven are over after nine seconds does not
      // happen once in ten thousand runs. Who hammers has thousands.
      #expect((1...8).contains(moments.count), "\(moments.count) connections")
      #expect(zip(announced, [1, 2, 4, 8, 16]).allSatisfy { $0 <= $1 }, "\(announced)")
      // None came before the pause that was announced for it, which is rounded up.
      for (pause, (before, after)) in zip(announced, zip(moments, moments.dropFirst())) {
        #expect(after - before > .seconds(pause - 1), "\(pause) s")
      }
    }
  }

  @Test func `Enter tries to connect at once`() throws {
    let ports = Mutex(0)
    let ann = try withChatRoom { port in
      ports.withLock { $0 = port }
      return try ChatClientRun("ann", at: port)
    }
    let port = ports.withLock { $0 }
    try ann.terminal.waitFor("! connection lost; reconnecting in")
    // Every attempt makes the next pause longer, these too: soon one is announced that a test does not wait for.
    var pause = 0
    var presses = 0
    while pause < 15, presses < 100 {
      try ann.enter("")
      presses += 1
      try ann.terminal.waitFor("still no connection; trying again in ")
      pause = Int(try ann.terminal.waitFor(" s").dropLast(2)) ?? 0
    }
    #expect(pause >= 15)
    let handler: Server.Handler = { reader, writer in
      _ = try await reader.readLine()
      try await writer.write(Self.welcome)
      while let line = try await reader.readLine(), line != "/quit" {
        try await writer.write("<ann> \(line)\n")
      }
    }
    let server = try EventLoop.run {
      try await startServer(host: "127.0.0.1", port: port, on: .shared, handler: handler)
    }
    defer { _ = try? EventLoop.run { await server.shutdown(grace: .seconds(5)) } }
    // A line that cannot be sent stays, and is a reason to try as well.
    try ann.enter("draft")
    try ann.terminal.waitFor("! not connected: not sent")
    try ann.terminal.waitFor("Welcome, ann!", within: .seconds(10))
    try ann.terminal.waitFor("> draft")
    try ann.enter("")
    try ann.terminal.waitFor("<ann> draft")
    #expect(try ann.leave().isRestored)
  }

  @Test func `a name that is still taken is tried again after two seconds, then with a mark`()
    throws
  {
    let clock = ContinuousClock()
    let seen = Mutex<[(line: String, moment: ContinuousClock.Instant)]>([])
    let visits = Mutex(0)
    let handler: Server.Handler = { reader, writer in
      let visit = visits.withLock { count in
        count += 1
        return count
      }
      while let line = try await reader.readLine() {
        if visit == 1 {
          // The connection is lost; the old session stays for a while.
          try await writer.write(Self.welcome)
          return
        }
        if line == "/quit" { return }
        guard line.hasPrefix("CONNECT ") else { continue }
        seen.withLock { $0.append((line, clock.now)) }
        let name = line.split(separator: " ")[1]
        try await writer.write(
          name == "ann__" ? "* Welcome, ann__! 3 user(s) online.\n" : "! 433 name taken: \(name)\n")
      }
    }
    try withLoopbackServer(handler: handler) { port in
      let ann = try ChatClientRun("ann", at: port)
      try ann.terminal.waitFor("Welcome, ann__!")
      let asked = seen.withLock { $0 }
      #expect(
        asked.map(\.line) == [
          "CONNECT ann ping time", "CONNECT ann ping time", "CONNECT ann_ ping time",
          "CONNECT ann__ ping time",
        ])
      #expect(asked[1].moment - asked[0].moment >= .seconds(2))
      #expect(try ann.leave().isRestored)
    }
  }

  @Test func `a server that does not close is left after a second`() throws {
    let handler: Server.Handler = { reader, writer in
      _ = try await reader.readLine()
      try await writer.write(Self.welcome)
      while try await reader.readLine() != nil {}
    }
    try withLoopbackServer(handler: handler) { port in
      let ann = try ChatClientRun("ann", at: port)
      let clock = ContinuousClock()
      let start = clock.now
      let end = try ann.leave()
      #expect(end.ending == .exited(0))
      #expect(end.isRestored)
      // It does wait, but a second only; the rest is for a machine that is busy.
      #expect(clock.now - start >= .milliseconds(900) && clock.now - start < .seconds(6))
    }
  }

  @Test func `one notice for each pause, however long it is`() throws {
    let ann = try withChatRoom { port in try ChatClientRun("ann", at: port) }
    try ann.terminal.waitFor("! connection lost; reconnecting in")
    for _ in 1...6 { try ann.enter("") }
    try ann.terminal.waitFor("trying again in ")
    try ann.terminal.type("\u{4}")
    let output = try ann.finish().output
    #expect(output.ranges(of: "connection lost").count == 1)
  }
}
