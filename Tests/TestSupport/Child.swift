import CTestSupport
import Glibc

/// How a process ended.
package enum Ending: Equatable, Sendable {
  case exited(Int32)
  case died(signal: Int32)
}

/// Where a standard stream of a program leads.
package enum ProgramStream: Sendable {
  /// The terminal that the program is started on.
  case terminal
  /// Nowhere: the descriptor is closed.
  case closed
  /// An open descriptor of the test, which the program gets a duplicate of.
  case descriptor(Int32)

  fileprivate var number: Int32 {
    switch self {
    case .terminal: Int32(FTS_TERMINAL)
    case .closed: Int32(FTS_CLOSED)
    case .descriptor(let descriptor): descriptor
    }
  }
}

/// A program that a test has started and in the end reaps.
///
/// Killed when dropped unreaped, so that a failing test leaves nothing behind. Used by one thread.
package final class Child {
  /// The number by which the system knows the program.
  package let processID: Int32
  private let descriptor: Int32
  private var ending: Ending?

  /// Starts `program` in a session of its own.
  ///
  /// The environment is small and the same everywhere; `environment` adds to it.
  package init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:],
    terminal: String? = nil, input: ProgramStream, output: ProgramStream,
    error: ProgramStream
  ) throws(HarnessError) {
    let words = CStringArray([program] + arguments)
    let settings = CStringArray(Child.environment(adding: environment))
    let status = unsafe fts_spawn(
      program, words.pointers, settings.pointers, terminal, input.number, output.number,
      error.number)
    withExtendedLifetime((words, settings)) {}
    processID = try HarnessError.check(status, "Starting \(program)")
    descriptor = try HarnessError.check(fts_open_process(processID), "Watching \(program)")
  }

  deinit {
    if ending == nil {
      kill(processID, SIGKILL)
      _ = try? reap()
    }
    close(descriptor)
  }

  /// Sends a signal to the program.
  package func signal(_ number: Int32) { kill(processID, number) }

  /// Waits until the program has ended, and says how.
  package func wait(within limit: Duration = .seconds(20)) throws(HarnessError) -> Ending {
    try wait(reading: [], within: limit)
  }

  /// Waits as above while reading what the program writes, so that no full pipe holds it up.
  func wait(reading outputs: [ProgramOutput], within limit: Duration) throws(HarnessError) -> Ending
  {
    if let ending { return ending }
    let deadline = Deadline(within: limit)
    while true {
      var events = outputs.map { pollfd.reading($0.descriptor) } + [.reading(descriptor)]
      if try !deadline.wait(for: &events) {
        throw HarnessError("Process \(processID) did not end within \(limit).")
      }
      for output in outputs { output.readAvailable() }
      if let last = events.last, last.isReady { return try reap() }
    }
  }

  private func reap() throws(HarnessError) -> Ending {
    var value: Int32 = 0
    let kind = try HarnessError.check(
      unsafe fts_reap(processID, &value), "Reaping process \(processID)")
    let ending: Ending = kind == 1 ? .exited(value) : .died(signal: value)
    self.ending = ending
    return ending
  }

  private static func environment(adding extra: [String: String]) -> [String] {
    var all = [
      "TERM": "xterm-256color", "LANG": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no",
      // The sanitizers' own handlers would replace the statuses that the tests are about.
      "ASAN_OPTIONS": sanitizerOptions, "TSAN_OPTIONS": sanitizerOptions,
    ]
    for name in ["PATH", "HOME", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"] {
      if let value = unsafe getenv(name) { all[name] = unsafe String(cString: value) }
    }
    all.merge(extra) { $1 }
    return all.map { "\($0)=\($1)" }.sorted()
  }

  private static let sanitizerOptions =
    "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_abort=0:"
    + "handle_sigtrap=0:use_sigaltstack=0:detect_leaks=0"
}

/// Strings for C, ended by a null pointer and released together.
@safe private final class CStringArray {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    unsafe pointers = .allocate(capacity: count + 1)
    for (index, string) in strings.enumerated() {
      unsafe (pointers + index).initialize(to: strdup(string))
    }
    unsafe (pointers + count).initialize(to: nil)
  }

  deinit {
    for index in 0..<count { unsafe free(pointers[index]) }
    unsafe pointers.deallocate()
  }
}
