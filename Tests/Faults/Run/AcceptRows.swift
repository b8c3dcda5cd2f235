import CFaultKit
import Fluvial
import FluvialPrimitives
import FluvialTransports

/// Faults of accepting: those who are there go on, those who come wait.
let acceptRows: [FaultRow] = [
  FaultRow(
    11, "no descriptors for accepting, lasting",
    "adds under 0.3 s of CPU in 10 s, others' p99 under 20 ms, back in 1.5 s"
  ) { round in
    try await shortage(round, "EMFILE", for: .seconds(round.isQuick ? 3 : 10))
  },
  FaultRow(12, "ENFILE, ENOMEM, ENOBUFS for accepting, lasting", "as row 11") { round in
    var all = Finding(fired: [:])
    for error in ["ENFILE", "ENOMEM", "ENOBUFS"] {
      let one = try await shortage(round, error, for: .seconds(round.isQuick ? 1 : 4))
      all.fired.merge(one.fired) { $0 + $1 }
      all.figures += one.figures
    }
    return all
  },
  FaultRow(14, "a firewall forbids one", "reported, goes on") { round in
    try await withSubject(round, ["accept4:EPERM:n=1"]) { subject in
      let frames = try await Traffic(port: subject.port, bytes: 20_000, seed: round.seed).run()
      let reports = subject.complaints.count("EPERM")
      try demand(reports == 1, "\(reports) reports")
      return Finding(fired: subject.fired, figures: ["\(frames) frames", "1 report"])
    }
  },
  FaultRow(15, "64 descriptors, 100 clients", "50 or more served, the others wait, then are served")
  {
    round in
    try await withSubject(round) { subject in
      // And two for the line that the orders come over.
      try demand(fkit_limit_descriptors(subject.process, 64 + 2) == 0, "no prlimit")
      let before = subject.cpu
      let crowd = Crowd(port: subject.port)
      async let everybody: Void = crowd.come(100)
      try await waitUntil("50 served, \(crowd.served) are") { crowd.served >= 50 }
      try await EventLoop.current?.clock.sleep(for: .milliseconds(500))
      let first = crowd.served
      crowd.leave()
      try await everybody
      let used = subject.cpu - before
      try demand(crowd.served == 100, "\(crowd.served) served in the end")
      return Finding(
        fired: ["full": UInt64(100 - first)],
        figures: ["\(first) at first, 100 in the end", "\(Int(used * 1000)) ms of CPU"])
    }
  },
  FaultRow(16, "the limit sinks to 16 under load", "others go on; served when it rises") { round in
    try await withSubject(round) { subject in
      let bystanders = try await Bystanders(port: subject.port)
      try demand(fkit_limit_descriptors(subject.process, 16) == 0, "no prlimit")
      let crowd = Crowd(port: subject.port)
      async let everybody: Void = crowd.come(20)
      let pings = try await bystanders.ping(for: .seconds(1))
      let meanwhile = crowd.served
      try demand(meanwhile == 0, "\(meanwhile) served with too few descriptors")
      try demand(fkit_limit_descriptors(subject.process, 1000) == 0, "no prlimit")
      let (_, back) = try await timed {
        try await waitUntil("all served, \(crowd.served) are") { crowd.served == 20 }
      }
      crowd.leave()
      try await everybody
      try demand(back < .milliseconds(1500), "\(back.milliseconds) ms to recover")
      await bystanders.close()
      return Finding(
        fired: ["waiting": 20],
        figures: ["p99 \(p99(pings).milliseconds) ms", "back after \(back.milliseconds) ms"])
    }
  },
]

private func shortage(_ round: Round, _ error: String, for time: Duration) async throws -> Finding {
  try await withSubject(round, ["accept4:\(error):off"]) { subject in
    let bystanders = try await Bystanders(port: subject.port)
    let quiet = Duration.seconds(1)
    let start = subject.cpu
    _ = try await bystanders.ping(for: quiet)
    let before = subject.cpu
    subject.setFaults(on: true)
    let crowd = Crowd(port: subject.port)
    async let everybody: Void = crowd.come(20)
    let pings = try await bystanders.ping(for: time)
    let added = (subject.cpu - before) - (before - start) * Double(time.milliseconds) / 1000
    try demand(crowd.served == 0, "\(crowd.served) were served meanwhile")
    subject.setFaults(on: false)
    let (_, back) = try await timed {
      try await waitUntil("all served, \(crowd.served) are") { crowd.served == 20 }
    }
    crowd.leave()
    try await everybody
    await bystanders.close()
    let allowed = max(0.1, 0.3 * Double(time.milliseconds) / 10_000)
    try demand(added < allowed, "\(Int(added * 1000)) ms of CPU added")
    let slow = p99(pings)
    try demand(slow < .milliseconds(20), "p99 of the others \(slow.milliseconds) ms")
    try demand(back < .milliseconds(1500), "\(back.milliseconds) ms to recover")
    let reports = subject.complaints.count("accepting paused")
    // One for each step of the back-off.
    let most = 4 + time.milliseconds / 900
    try demand(reports >= 1 && reports <= most, "\(reports) reports")
    return Finding(
      fired: subject.fired,
      figures: [
        "\(error): \(max(0, Int(added * 1000))) ms CPU, p99 \(slow.milliseconds) ms, "
          + "back after \(back.milliseconds) ms, \(reports) reports"
      ])
  }
}

/// Clients that want an answer and then stay until they may leave.
final class Crowd: Sendable {
  private let port: Int
  private let counted = Lock(0)
  private let mayLeave = Lock(false)

  init(port: Int) { self.port = port }

  var served: Int { counted.withLock { $0 } }

  func leave() { mayLeave.withLock { $0 = true } }

  func come(_ count: Int) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<count { group.addTask { try await self.visit() } }
      try await group.waitForAll()
    }
  }

  private func visit() async throws {
    try await withConnection(host: "127.0.0.1", port: port) { reader, writer in
      try await writer.write("ehello")
      let came = try await reader.read(exactly: 5)
      try demand(came == Array("hello".utf8), "a client's answer is damaged")
      counted.withLock { $0 += 1 }
      while !mayLeave.withLock({ $0 }) {
        try await EventLoop.current?.clock.sleep(for: .milliseconds(10))
      }
    }
  }
}
