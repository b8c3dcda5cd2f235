import Fluvial
import FluvialTransports
import TestSupport

/// Faults of what is made: an error for the caller, and nothing left behind.
let startRows: [FaultRow] = [
  FaultRow(17, "no descriptor for a client's socket", "throws EMFILE, no leak, the next works") {
    round in
    try await refused(round, "socket:EMFILE", order: "connect") { port in
      "error connectFailed 127.0.0.1:\(port)=EMFILE"
    }
  },
  FaultRow(18, "connecting fails", "errno and address; the next address is tried") { round in
    var fired: [String: UInt64] = [:]
    for error in ["ECONNREFUSED", "ENETUNREACH", "EADDRNOTAVAIL"] {
      let one = try await refused(round, "connect:\(error)", order: "connect") { port in
        "error connectFailed 127.0.0.1:\(port)=\(error)"
      }
      fired.merge(one.fired) { $0 + $1 }
      try await withSubject(round, ["connect:\(error):n=1:off"], host: "0.0.0.0") { subject in
        subject.setFaults(on: true)
        try await subject.expect(
          "ok", to: "race 127.0.0.1:\(subject.port) 127.0.0.2:\(subject.port)")
      }
    }
    try await withSubject(round, ["connect:EINTR:off"]) { subject in
      subject.setFaults(on: true)
      for _ in 0..<5 { try await subject.expect("ok", to: "connect \(subject.port)") }
      fired.merge(subject.fired) { $0 + $1 }
    }
    return Finding(fired: fired)
  },
  FaultRow(19, "binding and listening fail", "throws from the start, no descriptor left") { round in
    var fired: [String: UInt64] = [:]
    for (rule, code) in [
      ("bind:EADDRINUSE", "addressInUse EADDRINUSE"), ("bind:EACCES", "listenFailed EACCES"),
      ("listen:EADDRINUSE", "addressInUse EADDRINUSE"),
    ] {
      let one = try await refused(round, rule, order: "listen") { _ in "error \(code)" }
      fired.merge(one.fired) { $0 + $1 }
    }
    return Finding(fired: fired)
  },
  FaultRow(25, "no eventfd at a loop's start", "throws, nothing leaked") { round in
    try await refused(round, "eventfd:EMFILE", order: "loop") { _ in "error uv EMFILE" }
  },
  FaultRow(26, "epoll and the wake-up fail", "fatal: libuv aborts, as Vendor-notes.md says") {
    round in
    var fired: [String: UInt64] = [:]
    for (rule, order) in [
      ("epoll_ctl:ENOMEM", "accept"), ("epoll_wait:ENOMEM", "ping"),
      ("write:EIO:on=event", "loop"),
    ] {
      try await withSubject(round, [rule + ":n=1:off"], survives: false) { subject in
        subject.setFaults(on: true)
        if order == "accept" {
          await meet(subject.port)
        } else {
          _ = try? await subject.order(order)
        }
        let child = subject.child
        let exit: ProcessExit
        do { exit = try await withTimeout(.seconds(10)) { try await child.wait() } } catch {
          throw Broken("\(rule): still there, \(subject.fired)")
        }
        try demand(exit == .signaled(Signal(rawValue: 6)), "the subject \(exit)")
        fired.merge(subject.fired) { $0 + $1 }
      }
    }
    return Finding(fired: fired, figures: ["SIGABRT each time"])
  },
  FaultRow(
    27, "a terminal and /dev/null that cannot be opened", "throws; a missing name is done without"
  ) {
    round in
    var fired: [String: UInt64] = [:]
    let crowded = try await onTerminal(round, "open:EMFILE:n=1:path=/dev/pts", &fired)
    try demand(crowded == ["open error uv EMFILE", "left as it was", "ended 0"], "\(crowded)")
    let nameless = try await onTerminal(round, "open:ENOENT:path=/dev/pts", &fired)
    try demand(nameless == ["mode set raw", "left as it was", "ended 0"], "\(nameless)")
    for error in ["EMFILE", "ENOENT"] {
      let rule = "open:\(error):n=1:path=/dev/null"
      let (said, exit) = try await withoutInput(round, rule, &fired)
      try demand(exit == .exited(1), "\(exit): \(said)")
      try demand(said.contains("failed") && said.contains(error), said)
    }
    return Finding(fired: fired)
  },
  FaultRow(28, "terminal modes fail", "throws and leaves the mode; interrupted: masked") { round in
    var fired: [String: UInt64] = [:]
    let failed = try await onTerminal(round, "tcsetattr:EIO:n=1", &fired)
    try demand(failed == ["mode error EIO unchanged", "left as it was", "ended 0"], "\(failed)")
    let masked = try await onTerminal(round, "tcsetattr:EINTR:p=0.5", &fired)
    try demand(masked == ["mode set raw", "left as it was", "ended 0"], "\(masked)")
    return Finding(fired: fired)
  },
]

/// Connects, and waits until the subject has ended that.
///
/// Its own way out would not do: a connect that is not done at once is asked after first, which fails without an abort.
private func meet(_ port: Int) async {
  _ = try? await withTimeout(.seconds(10)) {
    try await withConnection(host: "127.0.0.1", port: port) { reader, _ in
      _ = try await reader.read(upTo: 1)
    }
  }
}

/// An order that fails once, leaves no descriptor and no object, and works the next time.
private func refused(
  _ round: Round, _ rule: String, order: String, _ answer: (_ port: Int) -> String
) async throws -> Finding {
  try await withSubject(round, [rule + ":n=1:off"]) { subject in
    let order = order == "connect" ? "connect \(subject.port)" : order
    // What is made once and kept is made now.
    try await subject.expect("ok", to: order)
    try await subject.expect("pong", to: "ping")
    let descriptors = subject.descriptors
    let objects = try await subject.order("objects")
    subject.setFaults(on: true)
    try await subject.expect(answer(subject.port), to: order)
    try await subject.expectDescriptors(descriptors)
    try await subject.expect("ok", to: order)
    try await subject.expectDescriptors(descriptors)
    try await waitUntil("\(objects) objects") { try await subject.order("objects") == objects }
    return Finding(fired: subject.fired)
  }
}

/// What the subject says of modes on a terminal of its own.
private func onTerminal(
  _ round: Round, _ rule: String, _ fired: inout [String: UInt64]
) async throws -> [String] {
  let folder = try TemporaryFolder()
  let path = "\(folder.path)/page"
  let terminal = try PseudoTerminal()
  let child = try terminal.spawn(
    "\(round.kit.folder)/fault-subject", ["terminal"],
    environment: environment(round, [rule], page: path))
  try terminal.waitFor("ended", within: .seconds(10))
  _ = try child.wait(within: .seconds(10))
  let name = rule.split(separator: ":").prefix(2).joined(separator: ":")
  fired[name, default: 0] += FaultPage(path: path)?.fired(0) ?? 0
  // Without the sequences that put a terminal back.
  return terminal.output.split { $0.isNewline }
    .map { String($0.split(separator: "\u{1B}[J").last ?? "") }
    .filter { !$0.isEmpty && !$0.hasPrefix("\u{1B}") }
}

/// What the subject says when its standard input is closed.
private func withoutInput(
  _ round: Round, _ rule: String, _ fired: inout [String: UInt64]
) async throws -> (String, ProcessExit) {
  let folder = try TemporaryFolder()
  let path = "\(folder.path)/page"
  let child = try await startProcess(
    "sh", ["-c", "exec \"$0\" once <&-", "\(round.kit.folder)/fault-subject"],
    environment: environment(round, [rule], page: path), output: .pipe, error: .standardOutput)
  let (output, _, exit) = try await child.communicate()
  let name = rule.split(separator: ":").prefix(2).joined(separator: ":")
  fired[name, default: 0] += FaultPage(path: path)?.fired(0) ?? 0
  return (String(decoding: output, as: UTF8.self), exit)
}
