import CTerminalGuard
import CTestSupport
import Glibc

/// A way for a program to end, or something it does before it returns, by the word for it.
enum ProbeEnding: String {
  case returning = "return"
  case throwing = "throw"
  case exiting = "exit"
  case exitingImmediately = "exit-immediately"
  case fatalError = "fatal-error"
  case outOfBounds = "out-of-bounds"
  case abort = "abort"
  case nullWrite = "null-write"
  case stackOverflow = "stack-overflow"
  case threadStackOverflow = "thread-stack-overflow"
  case twoCrashes = "two-crashes"
  case taskFatalError = "task-fatal-error"
  case forkedExit = "forked-exit"
  case signal = "signal"
  case handledSignal = "handled-signal"
  case restoringSignal = "restoring-signal"
  case input = "input"
  case keys = "keys"
  case fullOutput = "full-output"
  case detaching = "detach"
  case suspending = "suspend"
  case continuing = "continue"
  case overtaken = "overtaken"

  func run() throws {
    switch self {
    case .returning: return
    case .throwing: throw ProbeError()
    case .exiting: exit(3)
    case .exitingImmediately: _exit(3)
    case .fatalError: Swift.fatalError("the probe gave up")
    case .outOfBounds: reachOutOfBounds()
    case .abort: Glibc.abort()
    case .nullWrite: writeToNull()
    case .stackOverflow: overflow()
    case .threadStackOverflow:
      let thread = unsafe startThread { _ in
        Probe.check(ftg_prepare_thread())
        overflow()
        return nil
      }
      join(thread)
    case .twoCrashes:
      let threads = (0..<2).map { _ in
        unsafe startThread { _ in
          writeToNull()
          return nil
        }
      }
      for thread in threads { join(thread) }
    case .taskFatalError:
      Task { Swift.fatalError("the task gave up") }
      waitForSignal()
    case .forkedExit: exitInBetween()
    case .signal, .handledSignal:
      Probe.say("ready")
      waitForSignal()
    case .restoringSignal: ftg_restore_and_raise(SIGTERM)
    case .input:
      Probe.say("ready")
      Probe.readByte()
    case .keys: echoKeys()
    case .fullOutput: fillOutput()
    case .detaching: ftg_detach()
    case .suspending: suspendOnce()
    case .continuing: continueOnce()
    case .overtaken:
      raise(SIGSTOP)
      exit(3)
    }
  }

  private func reachOutOfBounds() {
    let values = CommandLine.arguments
    Probe.say(values[values.count + 1])
  }

  private func waitForSignal() {
    while true { pause() }
  }

  /// Says the code of every key until `q`.
  private func echoKeys() {
    Probe.say("ready")
    while let byte = Probe.readByte(), byte != UInt8(ascii: "q") { Probe.say("key \(byte)") }
  }

  /// Writes until the terminal takes no more.
  private func fillOutput() {
    let flags = fcntl(STDOUT_FILENO, F_GETFL)
    _ = fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK)
    let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
    while unsafe write(STDOUT_FILENO, bytes, bytes.count) > 0 {}
  }

  private func suspendOnce() {
    Probe.say("ready")
    Probe.readByte()
    ftg_suspend()
    Probe.say("suspended")
    Probe.readByte()
    Probe.check(ftg_resume())
    Probe.say("resumed")
    Probe.readByte()
  }

  private func continueOnce() {
    Probe.say("ready")
    Probe.readByte()
    Probe.say(ftg_is_intact() ? "intact" : "changed")
    Probe.check(ftg_resume())
    Probe.say(ftg_is_intact() ? "intact again" : "still changed")
    Probe.readByte()
  }
}

struct ProbeError: Error {}

/// A child that has copied the process runs its exit hooks, and the parent goes on.
private func exitInBetween() {
  Probe.say("ready")
  Probe.readByte()
  let status = fts_exit_in_copy(0)
  Probe.say("copy ended with \(status)")
  Probe.readByte()
}

/// Recurses until the stack is full; the buffer keeps the optimiser from making a loop of it.
@inline(never)
private func descend(_ depth: Int) -> Int {
  unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: 128) { buffer in
    unsafe buffer.initialize(repeating: depth)
    return unsafe depth < 0 ? 0 : descend(depth + 1) + buffer[depth % 128]
  }
}

private func overflow() { Probe.say("\(descend(0))") }

private func writeToNull() {
  unsafe UnsafeMutablePointer<Int>(bitPattern: 8)?.pointee = 1
}

private func startThread(
  _ body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
)
  -> pthread_t
{
  var thread = pthread_t()
  Probe.check(unsafe -pthread_create(&thread, nil, body, nil))
  return thread
}

private func join(_ thread: pthread_t) { pthread_join(thread, nil) }
