import CheckRows
import Fluvial
import FluvialTransports
import StreamTestSupport

/// What can happen to a read that waits.
enum WaiterEvent: CaseIterable {
  case start
  /// The loop turns: who was started or woken goes on.
  case turn
  case data
  case end
  case lost
  case cancelFirst
  case cancelLast
  case close
}

/// F5: any order of events.
struct WaiterTarget: FuzzTarget {
  let id = "F5"
  let name = "the waiting read under any order of events"
  let corpus: [[UInt8]] = [
    [0, 1, 2, 1, 5, 3, 4], [0, 5, 2, 1, 0, 1, 7], [0, 1, 0, 2, 6, 3, 1, 4, 1],
  ]

  func run(_ input: [UInt8], planted: Bool) async throws -> Int {
    let events = input.prefix(64).map { WaiterEvent.allCases[Int($0) % WaiterEvent.allCases.count] }
    var run = try WaiterRun(planted: planted)
    return try await run.run(events)
  }
}

/// Every order in which three sides can do four things each: 12! / (4! 4! 4!) of them, with and without a close.
func allInterleavings(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let reads: [WaiterEvent] = [.start, .turn, .start, .turn]
  let peer: [WaiterEvent] = [.data, .data, .end, .lost]
  let others: [[WaiterEvent]] = [
    [.cancelFirst, .cancelLast, .turn, .close], [.cancelFirst, .cancelLast, .cancelFirst, .turn],
  ]
  return try EventLoop.run {
    guard try await interleavings(of: [reads, peer, others[1]], planted: true) == nil else {
      return check.row(held: false, figure: "the planted defect was not found", threshold: "")
    }
    var total = 0
    for other in others {
      total += try await interleavings(of: [reads, peer, other], planted: false) ?? 0
    }
    return check.row(
      held: total == 2 * 34_650, figure: "\(total) orders, each with one outcome for each read",
      threshold: "all 34,650, twice")
  }
}

/// How many orders held; nil when a planted defect was found, which ends it.
private func interleavings(of tracks: [[WaiterEvent]], planted: Bool) async throws -> Int? {
  var count = 0
  var pending: [(places: [Int], events: [WaiterEvent])] = [([0, 0, 0], [])]
  while let (places, events) = pending.popLast() {
    var isWhole = true
    for track in tracks.indices where places[track] < tracks[track].count {
      isWhole = false
      var next = places
      next[track] += 1
      pending.append((next, events + [tracks[track][places[track]]]))
    }
    guard isWhole else { continue }
    count += 1
    var run = try WaiterRun(planted: planted)
    do { _ = try await run.run(events) } catch let failure as CheckFailure {
      if planted { return nil }
      throw failure
    }
  }
  return count
}

/// One order of events on one reader.
///
/// Whatever it is: each read ends once, for a reason that was there, and what was fed
/// is what the reads got and what is left, in order.
private struct WaiterRun {
  private let core: StreamReaderProtocol
  private let reader: StreamReader
  private let planted: Bool
  private var reads: [(task: Task<[UInt8]?, any Error>, isCancelled: Bool)] = []
  private var fed: [UInt8] = []
  private var hasEnded = false
  private var isLost = false
  private var isClosed = false
  private var done: [WaiterEvent] = []

  init(planted: Bool) throws {
    core = try StreamReaderProtocol(loop: EventLoop.current ?? .shared)
    reader = core.makeStreams().reader
    self.planted = planted
  }

  mutating func run(_ events: [WaiterEvent]) async throws -> Int {
    for event in events { await happen(event) }
    if !isLost { await happen(.lost) }
    await turns(2)
    var (got, way) = ([UInt8](), 0)
    for (task, isCancelled) in reads {
      switch await task.result {
      case .success(let bytes?):
        got += bytes
        way = way &* 8 &+ bytes.count
      case .success(nil):
        way = way &* 8 &+ 4
        guard hasEnded else { throw wrong("a read ended before the stream") }
      case .failure(is CancellationError):
        way = way &* 8 &+ 5
        guard isCancelled else { throw wrong("a read that nobody cancelled was cancelled") }
      case .failure(let error as StreamError):
        way = way &* 8 &+ 6
        let isExplained =
          switch error.code {
          case .busy: reads.count > 1
          case .closed: isClosed
          case .broken: isLost
          default: false
          }
        guard isExplained else { throw wrong("a read failed with \(error)") }
      case .failure(let error): throw wrong("a read failed with \(error)")
      }
    }
    guard fed.starts(with: got) else { throw wrong("the reads got \(got) of \(fed)") }
    if !isClosed { try await checkRest(after: got) }
    return way
  }

  private func checkRest(after got: [UInt8]) async throws {
    var all = got
    do {
      while let some = try await reader.read(upTo: 100) { all += some }
      throw wrong("the error was not told")
    } catch let error as StreamError where error.code == .broken {
      guard all == fed else { throw wrong("of \(fed) there were \(all)") }
    }
  }

  private mutating func happen(_ event: WaiterEvent) async {
    done.append(event)
    switch event {
    case .start:
      guard reads.count < 8 else { return }
      let (reader, planted) = (reader, planted)
      reads.append(
        (
          start {
            let bytes = try await reader.read(upTo: 3)
            // Planted: the cancel is looked at once more, when the bytes are out.
            if planted { try Task.checkCancellation() }
            return bytes
          }, false
        ))
    case .turn: await turns(1)
    case .data:
      guard !hasEnded, !isLost else { return }
      let piece = [UInt8(fed.count & 255), UInt8(fed.count + 1 & 255)]
      if !isClosed { fed += piece }
      core.dataReceived(piece.span)
    case .end:
      guard !hasEnded, !isLost else { return }
      hasEnded = true
      _ = core.eofReceived()
    case .lost:
      guard !isLost else { return }
      isLost = true
      core.connectionLost(UVError.connectionReset)
    case .cancelFirst: cancel(0)
    case .cancelLast: cancel(reads.count - 1)
    case .close:
      isClosed = true
      core.makeStreams().writer.close()
    }
  }

  private mutating func cancel(_ number: Int) {
    guard reads.indices.contains(number) else { return }
    reads[number].isCancelled = true
    reads[number].task.cancel()
  }

  private func wrong(_ what: String) -> CheckFailure { CheckFailure("After \(done): \(what).") }
}
