import Fluvial
import FluvialTransports

/// Bad networks, between two namespaces.
let networkRows: [FaultRow] = [
  FaultRow(30, "loss, reordering, doubling, damage on the way", "masked, 0 bad bytes") { round in
    var figures: [String] = []
    let losses = round.isQuick ? [0.05] : [0.01, 0.05, 0.2]
    for loss in losses {
      let bytes = loss > 0.1 ? 20_000 : 100_000
      let said = try await overCable(
        round, ["loss=\(loss)", "reorder=0.01", "dup=0.01", "corrupt=0.001"], bytes: bytes)
      figures.append("\(loss): \(said)")
    }
    return Finding(fired: try counts(figures), figures: [figures.last ?? ""])
  },
  FaultRow(31, "200 ms ± 100 ms of delay; 64 kbit/s", "masked; as slow as the line; no timer early")
  {
    round in
    let late = try await overCable(
      round, ["delay=200", "jitter=100"], bytes: round.isQuick ? 5000 : 30_000)
    // Both ways at once, each with its own line: 3 kB on 8 connections are 3 s at least.
    let (said, time) = try await timed {
      try await overCable(round, ["rate=64000"], bytes: 3000)
    }
    try demand(time > .milliseconds(2400), "over a slow line in \(time.milliseconds) ms")
    return Finding(
      fired: ["delayed": try passed(late), "slowed": try passed(said)],
      figures: ["24 kB in \(time.milliseconds) ms"])
  },
  FaultRow(32, "the line is cut for 5 s; for good", "masked; the idle timeout at its time ±10 %") {
    round in
    let outage = Duration.seconds(round.isQuick ? 1 : 5)
    let (idle, said) = try await Cable.with(round, []) { cable in
      try await withSubject(round, host: Cable.address, within: cable.wrapper) { subject in
        try await cut(cable, for: outage, subject, round)
        return try await idleTimeout(cable, subject)
      }
    }
    return Finding(
      fired: ["lost": try number(after: "lost", in: said)],
      figures: [
        "cut for \(outage.milliseconds) ms", "2 s of idleness seen after \(idle.milliseconds) ms",
      ])
  },
  FaultRow(33, "a firewall resets connections under way (nft)", "connectionReset") { round in
    let (resets, _) = try await Cable.with(round, []) { cable in
      try await withSubject(round, host: Cable.address, within: cable.wrapper) { subject in
        try await resetUnderWay(cable, subject)
      }
    }
    return Finding(fired: ["reset": resets])
  },
]

/// Traffic through the cable; what the cable says of it.
private func overCable(_ round: Round, _ properties: [String], bytes: Int) async throws -> String {
  try await Cable.with(round, properties) { cable in
    try await withSubject(round, host: Cable.address, within: cable.wrapper) { subject in
      _ = try await Traffic(
        host: Cable.address, port: subject.port, bytes: bytes, seed: round.seed
      ).run()
      let ticks = try await subject.order("ticks")
      try demand(ticks.contains("early 0"), ticks)
    }
  }.said
}

private func cut(_ cable: Cable, for time: Duration, _ subject: Subject, _ round: Round)
  async throws
{
  async let talk = Traffic(
    host: Cable.address, port: subject.port, bytes: 2_000_000, seed: round.seed
  ).run()
  try await EventLoop.current?.clock.sleep(for: .milliseconds(50))
  cable.toggle()
  try await EventLoop.current?.clock.sleep(for: time)
  cable.toggle()
  _ = try await talk
}

/// How long a reader that allows two seconds of silence waits once the line is dead.
private func idleTimeout(_ cable: Cable, _ subject: Subject) async throws -> Duration {
  let (reader, writer) = try await openConnection(host: Cable.address, port: subject.port)
  try await writer.write("e1")
  _ = try await reader.read(exactly: 1)
  cable.toggle()
  let (_, waited) = try await timed {
    do {
      _ = try await withTimeout(.seconds(2)) { try await reader.read(upTo: 1) }
      throw Broken("something came over a dead line")
    } catch is TimeoutError {}
  }
  writer.abort()
  cable.toggle()
  try demand(
    waited >= .seconds(2) && waited < .milliseconds(2200), "after \(waited.milliseconds) ms")
  return waited
}

private func resetUnderWay(_ cable: Cable, _ subject: Subject) async throws -> UInt64 {
  var all: [(reader: StreamReader, writer: StreamWriter)] = []
  for _ in 0..<8 {
    let pair = try await openConnection(host: Cable.address, port: subject.port)
    try await pair.writer.write("e1")
    _ = try await pair.reader.read(exactly: 1)
    all.append(pair)
  }
  for rule in [
    ["add", "table", "inet", "faults"],
    ["add", "chain", "inet", "faults", "in", "{ type filter hook input priority 0; }"],
    [
      "add", "rule", "inet", "faults", "in", "tcp", "dport", "\(subject.port)", "counter", "reject",
      "with", "tcp", "reset",
    ],
  ] {
    let command = cable.wrapper + ["nft"] + rule
    let nft = try await startProcess(
      command[0], Array(command.dropFirst()), input: .null, output: .null, error: .pipe)
    let (_, _, exit) = try await nft.communicate()
    guard exit.isSuccess else { throw Missing(what: "nft is not installed, or cannot reset") }
  }
  var resets: UInt64 = 0
  for (reader, writer) in all {
    try await writer.write("2")
    do {
      _ = try await reader.read(exactly: 1)
      throw Broken("an answer through a firewall")
    } catch let error as StreamError {
      try demand(error.cause == .connectionReset, "\(error)")
      resets += 1
    }
    writer.close()
  }
  try await subject.expect("pong", to: "ping")
  return resets
}

private func number(after word: String, in said: String) throws -> UInt64 {
  let words = said.split(separator: " ").map(String.init)
  guard let place = words.firstIndex(of: word), place + 1 < words.count,
    let number = UInt64(words[place + 1])
  else { throw Broken("the cable says \(said)") }
  return number
}

private func passed(_ said: String) throws -> UInt64 { try number(after: "passed", in: said) }

private func counts(_ figures: [String]) throws -> [String: UInt64] {
  var all: [String: UInt64] = [:]
  for figure in figures {
    for word in ["lost", "dup", "corrupt", "reordered"] {
      all[word, default: 0] += try number(after: word, in: figure)
    }
  }
  return all
}
