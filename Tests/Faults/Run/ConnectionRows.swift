import Fluvial
import FluvialTransports
import Glibc

/// Faults that end one connection, with the stated error, and touch no other.
let connectionRows: [FaultRow] = [
  FaultRow(7, "reset while reading", "connectionReset after what had come, once") { round in
    try await hoarding(round, "ECONNRESET")
  },
  FaultRow(8, "timed out and unreachable while reading", "the errno is kept") { round in
    let late = try await hoarding(round, "ETIMEDOUT")
    let far = try await hoarding(round, "EHOSTUNREACH")
    return Finding(fired: late.fired.merging(far.fired) { $0 + $1 }, figures: far.figures)
  },
  FaultRow(9, "broken pipe, peer gone, SIGPIPE as it is", "that connection only; the process lives")
  {
    round in
    try await withSubject(round, ["write:EPIPE:n=1:off"]) { subject in
      let bystanders = try await Bystanders(port: subject.port)
      subject.setFaults(on: true)
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: subject.port)
      try await writer.write("e!")
      _ = try? await reader.readToEnd()
      writer.close()
      let said = try await subject.output.wait(for: "handler ")
      try demand(said == "handler broken EPIPE", said)
      try await leaveWhilePoured(on: subject)
      try await bystanders.ping()
      await bystanders.close()
      return Finding(fired: subject.fired, figures: ["8 others untouched"])
    }
  },
  FaultRow(10, "an end of file that is none", "a clean close of that connection") { round in
    // With nothing unread: an end over bytes that wait is none that a kernel would tell.
    try await withSubject(round, ["read:zero:n=1:off", "epoll_wait:spurious:off"]) { subject in
      let bystanders = try await Bystanders(port: subject.port, count: 9)
      subject.setFaults(on: true)
      let ended = try await bystanders.waitForEnd()
      subject.setFaults(on: false)
      try await bystanders.ping(except: ended)
      await bystanders.close()
      return Finding(fired: subject.fired, figures: ["8 others untouched"])
    }
  },
  FaultRow(20, "no-delay and keep-alive refused", "reported; the connection goes on") { round in
    var fired: [String: UInt64] = [:]
    for error in ["ENOPROTOOPT", "EINVAL"] {
      try await withSubject(round, ["setsockopt:\(error):off"]) { subject in
        subject.setFaults(on: true)
        _ = try await Traffic(port: subject.port, bytes: 20_000, seed: round.seed).run()
        let reports = subject.complaints.count("no-delay")
        try demand(reports >= 8, "\(reports) reports of 8 connections")
        try await subject.expect("\(error) ok", to: "keepalive \(subject.port)")
        fired.merge(subject.fired) { $0 + $1 }
      }
    }
    return Finding(fired: fired)
  },
  FaultRow(22, "close fails (strace)", "ignored, no second close of that number") { round in
    try await failingClose(round)
  },
]

/// A reader that lets 30,000 bytes wait; then one more byte arrives as an error.
private func hoarding(_ round: Round, _ error: String) async throws -> Finding {
  try await withSubject(round, ["read:\(error):n=1:off"]) { subject in
    let bystanders = try await Bystanders(port: subject.port)
    let (reader, writer) = try await openConnection(host: "127.0.0.1", port: subject.port)
    try await writer.write([UInt8(ascii: "h")] + [UInt8](repeating: 1, count: 30_000))
    _ = try await reader.read(exactly: 1)
    // Until the subject's side has read it all there is nothing to ask; it only waits for more.
    try await EventLoop.current?.clock.sleep(for: .milliseconds(100))
    subject.setFaults(on: true)
    try await writer.write([2])
    try await waitUntil("the fault fires") { subject.strikes == 1 }
    try await subject.expect("ok", to: "release")
    let said = try await subject.output.wait(for: "hoarded ")
    try demand(said == "hoarded 30000 broken \(error)", said)
    let closed = try await subject.output.wait(for: "closed ")
    try demand(closed == "closed reset \(error)", closed)
    try await bystanders.ping()
    writer.abort()
    await bystanders.close()
    return Finding(fired: subject.fired, figures: ["8 others untouched"])
  }
}

/// A peer that goes with a reset while it is written to, for real.
private func leaveWhilePoured(on subject: Subject) async throws {
  let (reader, writer) = try await openConnection(host: "127.0.0.1", port: subject.port)
  try await writer.write("p")
  _ = try await reader.read(exactly: 100_000)
  writer.abort()
  let said = try await subject.output.wait(for: "poured ")
  try demand(said == "poured broken ECONNRESET" || said == "poured broken EPIPE", said)
}

private func failingClose(_ round: Round) async throws -> Finding {
  let folder = try TemporaryFolder()
  return try await withSubject(round) { subject in
    let trace = "\(folder.path)/trace"
    let strace: ChildProcess
    do {
      strace = try await startProcess(
        "strace",
        [
          "-f", "-p", "\(subject.process)", "-o", trace, "-e", "trace=close", "-e",
          "inject=close:error=EIO:when=\(1 + round.seed)+3",
        ], input: .null, output: .null, error: .pipe)
    } catch { throw Missing(what: "strace is not installed") }
    let said = Said()
    said.listen(to: strace.standardError)
    do {
      _ = try await said.wait(
        for: "strace: Process \(subject.process) attached", within: .seconds(5))
    } catch {
      strace.kill()
      throw Missing(what: "strace may not attach: \(said.lines.first ?? "it says nothing")")
    }
    // A call that is made to fail does nothing, so the server's end never comes.
    let frames = try await Traffic(
      port: subject.port, connections: 24, bytes: 20_000, seed: round.seed, waitsForEnd: false
    ).run()
    try await EventLoop.current?.clock.sleep(for: .milliseconds(100))
    strace.send(.interrupt)
    try await strace.wait()
    let lines = try readLines(trace)
    let struck = lines.filter { $0.contains("(INJECTED)") }.compactMap(closedNumber)
    let closed = lines.compactMap(closedNumber)
    // The number stays open, so nobody else can have got it.
    for number in struck {
      let times = closed.count { $0 == number }
      try demand(times == 1, "descriptor \(number) was closed \(times) times")
    }
    return Finding(fired: ["close:EIO": UInt64(struck.count)], figures: ["\(frames) frames"])
  }
}

/// The number in a line of strace's, `… close(12) = …`.
private func closedNumber(_ line: String) -> Int? {
  line.split(separator: "close(").dropFirst().first?.split(separator: ")").first.flatMap { Int($0) }
}

private func readLines(_ path: String) throws -> [String] {
  let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw Broken("no \(path)") }
  defer { close(file) }
  var all: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 64 * 1024)
  while true {
    let count = unsafe read(file, &block, block.count)
    guard count > 0 else { break }
    all += block.prefix(count)
  }
  return String(decoding: all, as: UTF8.self).split(separator: "\n").map(String.init)
}
