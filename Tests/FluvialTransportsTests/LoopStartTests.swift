import Dispatch
import FluvialTransports
import Glibc
import StreamTestSupport
import TestSupport
import Testing

/// Starting loops while the process has few descriptors or none.
@Suite struct LoopStartTests {
  @Test func `a loop that finds too few descriptors throws, and leaves none open`() throws {
    let probe = try BuiltProducts.executable("plumbing-probe")
    let outcome = try PipedProgram.run(probe, ["start-short"])
    #expect(outcome.output == "refused, then ran\n", "\(outcome.error)")
    #expect(outcome.ending == .exited(0))
  }

  @Test(arguments: [Refusals.Call.epoll, .eventCounter, .pipe, .duplicate])
  func `a step of its start that fails leaves nothing open`(call: Refusals.Call) async {
    await #expect(processExitsWith: .success) { [call] in
      _ = failureOfAStart()
      // Has libdispatch make what it needs, without which it ends the process; whoever needs it first makes it.
      try await ContinuousClock().sleep(for: .milliseconds(1))
      let before = openDescriptorCount()
      try Refusals.call(call, error: EMFILE)
      let error = failureOfAStart()
      guard error == .tooManyDescriptors, openDescriptorCount() == before else {
        throw TestFailure("\(openDescriptorCount() - before) are left.")
      }
    }
  }

  @Test func `whoever needs the shared loop is told that it cannot start, and later it does`() async
  {
    await #expect(processExitsWith: .success) {
      // The kernel refuses it to this thread only, and for good.
      let (gate, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
      let loops = Record<EventLoop>()
      DispatchQueue(label: "another thread").async {
        gate.wait()
        if let loop = try? EventLoop.chosen(nil) { loops.add(loop) }
        done.signal()
      }
      try Refusals.call(.duplicate, error: EMFILE)
      for _ in 0..<2 {
        let error = #expect(throws: UVError.self) { try EventLoop.chosen(nil) }
        guard error == .tooManyDescriptors else {
          throw TestFailure("It did not fail as it should.")
        }
      }
      gate.signal()
      done.wait()
      guard loops.all.first === EventLoop.shared else { throw TestFailure("It does not start.") }
    }
  }

  // A leak detector opens files of its own as the process ends.
  @Test(.disabled(if: BuildKind.isSanitized))
  func `a terminal is not opened by half when descriptors are short`() async {
    await #expect(processExitsWith: .success) {
      try EventLoop.run {
        guard let loop = EventLoop.current else { throw TestFailure("Not on a loop.") }
        let terminal = try RawTerminal()
        let transport = try TTYTransport(adopting: dup(terminal.program), on: loop)
        // In blocking mode a stopped terminal would stop the loop.
        guard let descriptor = transport.descriptor, fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0
        else { throw TestFailure("It blocks.") }
        transport.abort()
        try Refusals.call(.open, error: EMFILE)
        let error = #expect(throws: UVError.self) {
          try TTYTransport(adopting: terminal.program, on: loop)
        }
        guard error == .tooManyDescriptors else { throw TestFailure("It was opened by half.") }
      }
    }
  }
}

/// What starting a loop throws, on the calling thread.
private func failureOfAStart() -> UVError? {
  do { try EventLoop.run {} } catch { return error as? UVError }
  return nil
}
