import CheckRows
import Fluvial
import FluvialTransports
import StreamTestSupport
import Synchronization

/// C5.
func racingEnds(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let count = options.pick(quick: 1_000, full: 10_000)
  let seed = options.seed
  let (outcomes, left) = try EventLoop.run {
    _ = try await EndRace(.data, .end).run()
    let before = Leftovers()
    var random = SeededGenerator(seed: seed)
    var outcomes: [String: Int] = [:]
    for _ in 0..<count {
      let first = EndRace.Event.allCases.randomElement(using: &random) ?? .data
      let second = EndRace.Event.allCases.randomElement(using: &random) ?? .end
      outcomes[try await EndRace(first, second).run(), default: 0] += 1
    }
    return (outcomes, try await Leftovers.settled(beyond: before))
  }
  let shown = outcomes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
  return check.row(
    held: left == (0, 0) && outcomes.count >= 5,
    figure: shown.joined(separator: ", ") + "; " + leaves(left) + " (seed \(seed))",
    threshold: "one outcome each, every kind seen, 0 left")
}

/// A read that waits, and two threads that end its wait at the same moment.
struct EndRace: Sendable {
  enum Event: CaseIterable { case close, cancel, end, reset, data }

  private let first: Event
  private let second: Event

  init(_ first: Event, _ second: Event) {
    self.first = first
    self.second = second
  }

  /// The word for how the read ended; throws when that cannot be, or when something was lost.
  func run() async throws -> String {
    let listener = try RawListener()
    let connecting = start { try await openConnection(host: "127.0.0.1", port: listener.port) }
    let peer = try await listener.accept()
    let (reader, writer) = try await connecting.value
    let ends = Flag()
    let read = start { () async throws -> [UInt8]? in
      defer { ends.raise() }
      return try await reader.read(upTo: 100)
    }
    await turns(2)
    await race(read, writer, peer)
    let result = await read.result
    guard ends.count == 1 else { throw CheckFailure("The read ended \(ends.count) times.") }
    let (word, taken) = try outcome(result)
    try await checkRest(of: reader, taken: taken, peer)
    writer.abort()
    _ = await writer.waitClosed()
    peer.close()
    return word
  }

  private func has(_ event: Event) -> Bool { first == event || second == event }

  private func race(
    _ read: Task<[UInt8]?, any Error>, _ writer: StreamWriter, _ peer: RawSocket
  ) async {
    let gate = Gate()
    let tasks = [first, second].map { event in
      Task.detached {
        gate.pass()
        switch event {
        case .close: writer.close()
        case .cancel: read.cancel()
        case .end: peer.endSending()
        // Not closed here: the other thread may be sending.
        case .reset: peer.disconnect()
        case .data: _ = try? peer.send("data")
        }
      }
    }
    for task in tasks { await task.value }
  }

  /// The word for an outcome that one of the two events explains, and how many bytes the read took.
  private func outcome(_ result: Result<[UInt8]?, any Error>) throws -> (String, Int) {
    switch result {
    case .success(let bytes?):
      guard has(.data), bytes == Array(Self.sent.prefix(bytes.count)), !bytes.isEmpty else { break }
      return ("data", bytes.count)
    case .success(nil): if has(.end) { return ("ended", 0) }
    case .failure(is CancellationError): if has(.cancel) { return ("cancelled", 0) }
    case .failure(let error as StreamError) where error.code == .closed:
      if has(.close) { return ("closed", 0) }
    case .failure(let error as StreamError) where error.code == .broken:
      if has(.reset) { return ("broken", 0) }
    case .failure: break
    }
    throw CheckFailure("\(first) and \(second) ended the read with \(result).")
  }

  private static let sent = Array("datadata".utf8)

  /// What was not taken must still be there, and the end after it.
  private func checkRest(of reader: StreamReader, taken: Int, _ peer: RawSocket) async throws {
    if has(.close) {
      guard try await StreamError.code({ try await reader.read(upTo: 1) }) == .closed else {
        throw CheckFailure("A read after the close was not refused as closed.")
      }
      return
    }
    // A reset may destroy what the kernel had.
    if has(.reset) { return }
    let sends = (first == .data ? 4 : 0) + (second == .data ? 4 : 0)
    // A send that came after the end of sending was refused.
    let missing = has(.end) ? 0 : sends - taken + (try peer.send("more"))
    let rest = try await withTimeout(.seconds(10)) {
      try await missing > 0 ? reader.read(exactly: missing) : reader.readToEnd()
    }
    guard has(.end) || Array(Self.sent.prefix(sends).dropFirst(taken)) + Array("more".utf8) == rest
    else { throw CheckFailure("After \(first) and \(second) came \(rest).") }
  }
}

/// Lets two threads go on at the same moment.
private final class Gate: Sendable {
  private let count = Atomic(0)

  func pass() {
    count.add(1, ordering: .acquiringAndReleasing)
    // Bounded: on one core the other may not be there before this one gives way.
    var looks = 0
    while count.load(ordering: .acquiring) < 2, looks < 1_000_000 { looks += 1 }
  }
}
