import Fluvial
import Glibc

/// A program on a terminal transport: says what it hears, and does what single keys ask for.
///
/// `q` returns, `e` exits with 3, `t` throws, `c` crashes, `z` suspends, `s` stops without notice, `b` blocks the loop,
/// `n` leaves the mode and `r` enters it again.
final class TransportProbe: TerminalProtocol {
  private let mode: TerminalMode
  private let loop: EventLoop
  private let done = Done()
  private var terminal: TTYTransport?

  init(words: [String]) async throws {
    guard let loop = EventLoop.current else { throw ProbeError() }
    self.loop = loop
    switch words.first {
    case "cbreak": mode = .cbreak
    case "cbreak-without-flow-control": mode = .cbreak(flowControl: false)
    default: mode = .raw
    }
  }

  func run() async throws {
    let me = LoopBound(self, on: loop)
    let opened = try await loop.openTTY { me.value }
    let terminal = opened.value.transport
    self.terminal = terminal
    try await terminal.withMode(mode) {
      say(terminal.isSuspended ? "behind" : "ready")
      if try await done.wait() == "t" { throw ProbeError() }
    }
  }

  private func say(_ line: String) {
    try? terminal?.write(line + "\r\n")
  }

  func dataReceived(_ bytes: Span<UInt8>) throws {
    for index in bytes.indices { act(on: bytes[index]) }
  }

  private func act(on byte: UInt8) {
    switch Character(Unicode.Scalar(byte)) {
    case "q": done.finish("q")
    case "t": done.finish("t")
    case "e": exit(3)
    case "c": fatalError("the probe gave up")
    case "z": terminal?.suspend()
    case "s": raise(SIGSTOP)
    case "b":
      // Written at once: the loop will not turn any more.
      _ = unsafe write(STDOUT_FILENO, "blocked\r\n", 9)
      while true { pause() }
    case "n":
      guard let terminal else { return }
      try? terminal.setMode(.cooked)
      say("cooked")
    case "r":
      try? terminal?.setMode(mode)
      say("again")
    default: say("key \(byte)")
    }
  }

  func eofReceived() throws -> EOFAction {
    done.finish("q")
    return .close
  }

  func connectionLost(_ error: (any Error)?) { done.finish("q") }

  func windowSizeChanged(_ size: TerminalSize) { say("size \(size.columns)x\(size.rows)") }

  func terminalWillSuspend(mayWrite: Bool) { if mayWrite { say("leaving") } }

  func terminalDidResume() { say("back") }
}

struct ProbeError: Error {}

/// What the probe ends with, once.
final class Done {
  private var answer: String?
  private var waiting: CheckedContinuation<String, Never>?

  func finish(_ answer: String) {
    guard self.answer == nil else { return }
    self.answer = answer
    waiting?.resume(returning: answer)
    waiting = nil
  }

  func wait() async throws -> String {
    if let answer { return answer }
    return await withCheckedContinuation { waiting = $0 }
  }
}
