import Fluvial
import StreamTestSupport
import Testing

/// Child processes with pipes for streams.
@Suite struct ChildProcessTests {
  // P01
  @Test func `what goes to the child's input comes back from its output`() throws {
    try onLoop {
      try await withProcess("cat", input: .pipe, output: .pipe) { child in
        let (writer, reader) = try (#require(child.standardInput), #require(child.standardOutput))
        try await writer.write("hello\n")
        #expect(try await reader.readLine() == "hello")
        writer.close()
        #expect(try await reader.readLine() == nil)
        #expect(try await child.wait() == .exited(0))
      }
    }
  }

  // P01
  @Test func `communicate gives both outputs and the code`() throws {
    try onLoop {
      let child = try await startProcess(
        "sh", ["-c", "cat; echo problem >&2; exit 7"], input: .pipe, output: .pipe, error: .pipe)
      let (output, error, exit) = try await child.communicate(input: bytes("some input"))
      #expect(output.text == "some input")
      #expect(error.text == "problem\n")
      #expect(exit == .exited(7))
      #expect(exit.code == 7)
      #expect(child.exit == exit)
    }
  }

  // P02
  @Test func `much input and much output arrive whole`() throws {
    try onLoop {
      let input = pattern(219_264)
      let child = try await startProcess(
        "sh", ["-c", "cat; head -c 1000000 /dev/zero"], input: .pipe, output: .pipe)
      let (output, _, exit) = try await child.communicate(input: input)
      #expect(output.count == 1_219_264)
      #expect(Array(output.prefix(input.count)) == input)
      #expect(exit.isSuccess)
    }
  }

  // P03
  @Test func `a child that does not read breaks the write, and communicate does not mind`() throws {
    try onLoop {
      let much = [UInt8](repeating: 1, count: 1 << 20)
      try await withProcess("true", input: .pipe) { child in
        let writer = try #require(child.standardInput)
        let error = try await streamError {
          try await writer.write(much)
          try await writer.flush()
        }
        #expect(error.code == .broken)
        #expect(error.cause == .brokenPipe)
        try await child.wait()
      }
      let child = try await startProcess("true", input: .pipe, output: .pipe)
      let (output, _, exit) = try await child.communicate(input: much)
      #expect(output.isEmpty)
      #expect(exit.isSuccess)
    }
  }

  // P04
  @Test func `the output of a child that has ended can still be read`() throws {
    try onLoop {
      let child = try await startProcess("echo", ["last words"], output: .pipe)
      try await child.wait()
      let reader = try #require(child.standardOutput)
      #expect(try await reader.readLine() == "last words")
      #expect(try await reader.readLine() == nil)
    }
  }

  // P05
  @Test func `a signal ends the child, and one after the end is no error`() throws {
    try onLoop {
      let ways: [(Int32, @Sendable (ChildProcess) -> Void)] = [
        (9, { $0.kill() }), (15, { $0.terminate() }), (1, { $0.send(.hangup) }),
      ]
      for (number, way) in ways {
        let child = try await startProcess("sleep", ["60"])
        way(child)
        let exit = try await child.wait()
        #expect(exit == .signaled(Signal(rawValue: number)))
        #expect(exit.code == -number)
        way(child)
        child.kill()
      }
    }
  }

  // P06
  @Test func `a cancelled wait leaves the child running, and it is reaped at its end`() throws {
    try onLoop {
      let child = try await startProcess("cat", input: .pipe)
      let waiting = start { try await child.wait() }
      await turns()
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      #expect(child.exit == nil)
      child.standardInput?.close()
      #expect(try await child.wait() == .exited(0))
    }
  }

  // P06
  @Test func `a start that is cancelled leaves no child, and a thousand no descriptor`() async {
    await #expect(processExitsWith: .success) {
      try EventLoop.run {
        let first = try await startProcess("true", input: .pipe, output: .pipe, error: .pipe)
        _ = try await first.communicate()
        let loop = try #require(EventLoop.current)
        let resources = loop.liveResourceCount
        let descriptors = openDescriptorCount()
        for _ in 0..<20 {
          let starting = start {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await startProcess("sleep", ["60"], input: .pipe, output: .pipe)
          }
          await #expect(throws: CancellationError.self) { _ = try await starting.value }
          await #expect(throws: StreamError.self) {
            _ = try await startProcess("/no/such/program", input: .pipe, output: .pipe)
          }
        }
        try await eventually("everything is closed") { loop.liveResourceCount <= resources }
        #expect(openDescriptorCount() <= descriptors)
        #expect(childCount() == 0)
      }
    }
  }

  // P07
  @Test func `leaving the scope ends a child that is still there`() throws {
    try onLoop {
      let ended = try await withProcess("sleep", ["60"]) { $0 }
      #expect(ended.exit == .signaled(.terminate))
      // One that does not listen.
      let stubborn = try await withProcess(
        "sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 60; done"], output: .pipe,
        grace: .milliseconds(50)
      ) { child in
        let line = try await child.standardOutput?.readLine()
        #expect(line == "ready")
        return child
      }
      #expect(stubborn.exit == .signaled(Signal(rawValue: 9)))
    }
  }

  // P07
  @Test func `a scope that throws or is cancelled ends the child`() throws {
    struct Failure: Error {}
    try onLoop {
      let seen = Record<ChildProcess>()
      await #expect(throws: Failure.self) {
        try await withProcess("sleep", ["60"]) { child in
          seen.add(child)
          throw Failure()
        }
      }
      let task = start {
        try await withProcess("sleep", ["60"]) { child in
          seen.add(child)
          try await child.wait()
        }
      }
      try await eventually("the second child is there") { seen.all.count == 2 }
      task.cancel()
      await #expect(throws: CancellationError.self) { _ = try await task.value }
      #expect(seen.all.map(\.exit) == [.signaled(.terminate), .signaled(.terminate)])
    }
  }

  // P08
  @Test func `every task that waits gets the code`() throws {
    try onLoop {
      let child = try await startProcess("sh", ["-c", "read line; exit 3"], input: .pipe)
      let waits = (0..<5).map { _ in start { try await child.wait() } }
      await turns()
      child.standardInput?.close()
      for wait in waits { #expect(try await wait.value == .exited(3)) }
      #expect(try await child.wait() == .exited(3))
    }
  }

  // X17
  @Test func `a loop that ends kills its children and leaves no zombie`() async {
    await #expect(processExitsWith: .success) {
      let child = try EventLoop.run {
        try await startProcess("sleep", ["60"], input: .pipe, output: .pipe)
      }
      #expect(child.exit == .signaled(Signal(rawValue: 9)))
      #expect(childCount() == 0)
      child.terminate()
    }
  }
}
