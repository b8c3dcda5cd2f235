import CFaultKit
import Fluvial
import FluvialTransports
import Glibc

/// Peers that die or stop, signals, and outputs that take nothing.
let peerRows: [FaultRow] = [
  FaultRow(34, "the peer is killed; the peer stops and goes on", "end or reset; masked") { round in
    try await withSubject(round) { subject in
      let bystanders = try await Bystanders(port: subject.port)
      let before = subject.descriptors
      let peer = try await startProcess(
        "\(round.kit.folder)/fault-subject", ["client", "\(subject.port)", "8"], output: .pipe)
      let said = Said()
      said.listen(to: peer.standardOutput)
      _ = try await said.wait(for: "talking")
      try await waitUntil("8 connections") { subject.descriptors == before + 8 }
      peer.kill()
      _ = try await peer.wait()
      try await subject.expectDescriptors(before)
      try await bystanders.ping()
      let stop = Duration.seconds(round.isQuick ? 1 : 10)
      async let talk = Traffic(port: subject.port, bytes: 2_000_000, seed: round.seed).run()
      try await EventLoop.current?.clock.sleep(for: .milliseconds(20))
      try demand(fkit_signal(subject.process, SIGSTOP) == 0, "no SIGSTOP")
      try await EventLoop.current?.clock.sleep(for: stop)
      try demand(fkit_signal(subject.process, SIGCONT) == 0, "no SIGCONT")
      let frames = try await talk
      try await bystanders.ping()
      await bystanders.close()
      return Finding(
        fired: ["killed": 8, "stopped": 1],
        figures: ["\(frames) frames over a stop of \(stop.milliseconds) ms"])
    }
  },
  FaultRow(35, "10,000 signals: STOP, CONT, WINCH, CHLD", "masked") { round in
    try await withSubject(round) { subject in
      try await subject.expect("ok", to: "signals")
      async let talk = Traffic(port: subject.port, bytes: 400_000, seed: round.seed).run()
      for count in 0..<2500 {
        for number in [SIGWINCH, SIGCHLD, SIGSTOP, SIGCONT] {
          try demand(fkit_signal(subject.process, number) == 0, "signal \(number)")
        }
        if count % 20 == 0 { try await EventLoop.current?.clock.sleep(for: .milliseconds(1)) }
      }
      let frames = try await talk
      try await subject.expect("pong", to: "ping")
      return Finding(fired: ["signals": 10_000], figures: ["\(frames) frames"])
    }
  },
  FaultRow(
    36, "no input, a full output, an output whose reader is gone",
    "status not 0 when output is lost"
  ) {
    round in
    var fired: [String: UInt64] = [:]
    for (what, redirection, mustFail) in [
      ("closed input", "<&-", false), ("/dev/full", ">/dev/full", true),
    ] {
      let exit = try await run(round, "echo 0 | \"$0\" \(redirection)", program: "stdin-delay")
      try demand(exit.isSuccess != mustFail, "stdin-delay with \(what) \(exit)")
      fired[what, default: 0] += 1
    }
    let exit = try await withoutReader(round)
    try demand(!exit.isSuccess, "stdin-delay without a reader \(exit)")
    fired["reader gone", default: 0] += 1
    return Finding(fired: fired)
  },
]

private func run(_ round: Round, _ script: String, program: String) async throws -> ProcessExit {
  let child = try await startProcess(
    "sh", ["-c", script, "\(round.kit.folder)/\(program)"], input: .null, output: .null,
    error: .null)
  return try await withTimeout(.seconds(20)) { try await child.wait() }
}

/// Its output is a pipe that is full, and then nobody's.
private func withoutReader(_ round: Round) async throws -> ProcessExit {
  var ends: [Int32] = [-1, -1]
  guard unsafe pipe(&ends) == 0 else { throw Broken("no pipe") }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
  let block = [UInt8](repeating: 1, count: 4096)
  while unsafe write(ends[1], block, block.count) > 0 {}
  _ = fcntl(ends[1], F_SETFL, 0)
  let child = try await startProcess(
    "\(round.kit.folder)/stdin-delay", [], input: .pipe, output: .descriptor(ends[1]), error: .null)
  close(ends[1])
  try await child.standardInput?.write("0\n0\n")
  try await EventLoop.current?.clock.sleep(for: .milliseconds(100))
  close(ends[0])
  child.standardInput?.close()
  return try await withTimeout(.seconds(20)) { try await child.wait() }
}
