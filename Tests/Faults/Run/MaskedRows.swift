import Fluvial
import FluvialTransports

/// Faults that nobody may notice.
let maskedRows: [FaultRow] = [
  FaultRow(1, "short reads", "masked") { round in
    try await masked(round, ["read:short:p=0.5"])
  },
  FaultRow(2, "short writes, one byte too", "masked") { round in
    let some = try await masked(round, ["write:short", "writev:short"])
    let single = try await masked(
      round, ["write:short:bytes=1", "writev:short:bytes=1"], bytes: 4000)
    return Finding(fired: some.fired.merging(single.fired) { $0 + $1 }, figures: single.figures)
  },
  FaultRow(3, "interrupted calls", "masked") { round in
    try await masked(round, ["read:EINTR:p=0.3", "write:EINTR:p=0.3", "epoll_wait:EINTR:p=0.3"])
  },
  FaultRow(4, "nothing to read after all", "masked, CPU under 150 % of clean") { round in
    try await withoutSpinning(round, ["read:EAGAIN:p=0.3"])
  },
  FaultRow(5, "no room after all", "masked") { round in
    try await masked(round, ["write:EAGAIN:p=0.3", "writev:EAGAIN:p=0.3"])
  },
  FaultRow(6, "no buffers in the kernel", "masked") { round in
    try await masked(round, ["write:ENOBUFS:p=0.1", "writev:ENOBUFS:p=0.1"])
  },
  FaultRow(13, "connections gone before they are accepted", "masked") { round in
    try await masked(
      round, ["accept4:ECONNABORTED:p=0.1", "accept4:EPROTO:p=0.1", "accept4:EINTR:p=0.1"],
      connections: 40, bytes: 5000)
  },
  FaultRow(21, "shutdown finds nobody", "closing goes on, 0 left") { round in
    try await masked(round, ["shutdown:ENOTCONN"])
  },
  FaultRow(23, "readiness that is not there, one event at a time", "masked") { round in
    let spurious = try await masked(round, ["epoll_wait:spurious:p=0.5"], connectsToo: true)
    let short = try await masked(round, ["epoll_wait:short"], connectsToo: true)
    return Finding(
      fired: spurious.fired.merging(short.fired) { $0 + $1 }, figures: short.figures)
  },
  FaultRow(24, "a loop that stalls for 200 ms", "late, then on; no timer early or bunched") {
    round in
    try await withSubject(round, ["epoll_wait:delay:us=200000:p=0.01"]) { subject in
      let frames = try await Traffic(port: subject.port, seed: round.seed).run()
      // A stall before the ticker's first tick is one that it cannot see; there will be others.
      var ticks = ""
      for _ in 0..<600 {
        try await EventLoop.current?.clock.sleep(for: .milliseconds(100))
        ticks = try await subject.order("ticks")
        if !ticks.contains("stalls 0") { break }
      }
      try demand(!ticks.contains("stalls 0"), "the watchdog saw nothing: \(ticks)")
      try demand(ticks.contains("early 0") && ticks.contains("bunched 0"), ticks)
      return Finding(fired: subject.fired, figures: ["\(frames) frames", ticks])
    }
  },
  FaultRow(37, "the wall clock jumps by a day", "masked: no timer early, none late") { round in
    try await withSubject(round, ["realtime:jump"]) { subject in
      let frames = try await Traffic(port: subject.port, seed: round.seed).run()
      try await EventLoop.current?.clock.sleep(for: .milliseconds(300))
      let ticks = try await subject.order("ticks")
      try demand(ticks.contains("early 0") && ticks.contains("stalls 0"), ticks)
      return Finding(fired: subject.fired, figures: ["\(frames) frames", ticks])
    }
  },
]

/// Traffic on all connections, orders meanwhile, and nothing to be seen of the fault.
func masked(
  _ round: Round, _ rules: [String], connections: Int = 8, bytes: Int = 300_000,
  connectsToo: Bool = false
) async throws -> Finding {
  try await withSubject(round, rules) { subject in
    async let talk = Traffic(
      port: subject.port, connections: connections, bytes: bytes, seed: round.seed
    ).run()
    for _ in 0..<20 { try await subject.expect("pong", to: "ping") }
    if connectsToo {
      for _ in 0..<5 { try await subject.expect("ok", to: "connect \(subject.port)") }
    }
    let frames = try await talk
    return Finding(fired: subject.fired, figures: ["\(frames) frames"])
  }
}

/// The same traffic clean and with the fault, by turns: the least CPU of each is compared.
private func withoutSpinning(_ round: Round, _ rules: [String]) async throws -> Finding {
  var least = (clean: Double.infinity, faulty: Double.infinity)
  var fired: [String: UInt64] = [:]
  for _ in 0..<3 {
    for isFaulty in [false, true] {
      try await withSubject(round, rules.map { $0 + ":off" }) { subject in
        subject.setFaults(on: isFaulty)
        let before = subject.cpu
        _ = try await Traffic(port: subject.port, seed: round.seed).run()
        let used = subject.cpu - before
        if isFaulty {
          least.faulty = min(least.faulty, used)
        } else {
          least.clean = min(least.clean, used)
        }
        fired.merge(subject.fired) { $0 + $1 }
      }
    }
  }
  let share = Int(least.faulty / least.clean * 100)
  try demand(share < 150, "\(share) % of the clean run's CPU")
  return Finding(fired: fired, figures: ["\(share) % of the clean CPU"])
}
