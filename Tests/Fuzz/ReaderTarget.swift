import CheckRows
import Fluvial
import FluvialTransports
import StreamTestSupport

/// F3: every way of reading, with the end, an error, a cancel and a close at any point.
struct ReaderTarget: FuzzTarget {
  let id = "F3"
  let name = "sequences of reads, deliveries, ends and cancels, against a plain array"
  let corpus: [[UInt8]] = [
    [0, 5, 97, 98, 10, 97, 98, 6, 1, 0, 3, 1, 2, 3, 12, 0, 9, 97, 10, 7, 2, 4],
    [6, 3, 5, 0, 3, 97, 97, 98, 7, 1, 13, 12, 4], [8, 2, 4, 0, 20, 97, 98, 97, 5, 6, 0, 1],
    [9, 0, 8, 97, 10, 13, 10, 11, 14, 6, 0, 9], [7, 1, 2, 1, 2, 0, 12, 97, 98, 98, 97, 10, 4],
  ]

  func run(_ input: [UInt8], planted: Bool) async throws -> Int {
    var sequence = try ReadSequence(input, planted: planted)
    return try await sequence.run()
  }
}

/// A read that was begun.
private struct Pending {
  let read: NaiveReader.Read
  let task: Task<NaiveReader.Outcome, any Error>
  let end: Flag

  /// How it ended; throws when it still waits after a while.
  func outcome() async throws -> NaiveReader.Outcome {
    for _ in 0..<50 where !end.isRaised { await Task.yield() }
    guard end.isRaised else {
      // Let go, so that the next sequence starts with nobody waiting.
      task.cancel()
      throw CheckFailure("\(read) still waits, after \(try await task.value).")
    }
    return try await task.value
  }
}

/// One sequence of operations, on the reader and on its model.
private struct ReadSequence {
  private var choices: InputBytes
  private var model = NaiveReader()
  private let fed: FedStream
  private let planted: Bool
  private var pending: Pending?
  private var way = 0

  init(_ input: [UInt8], planted: Bool) throws {
    choices = InputBytes(input)
    fed = try FedStream()
    self.planted = planted
  }

  mutating func run() async throws -> Int {
    while !choices.isEmpty {
      switch choices.choice(0...15) {
      case 0...3:
        let piece = choices.take(choices.choice(1...24)).map {
          [97, 98, 10, 13][Int($0 % 4)] as UInt8
        }
        guard !model.isOver, !piece.isEmpty else { continue }
        model.feed(piece)
        fed.core.dataReceived(piece.span)
      case 4 where !model.isOver:
        model.end()
        _ = fed.core.eofReceived()
      case 5 where !model.isBroken:
        model.fail()
        fed.core.connectionLost(UVError.connectionReset)
      case 12, 13:
        pending?.task.cancel()
        try await settle(isCancelled: true)
        continue
      case 14 where choices.choice(0...7) == 0:
        model.close()
        fed.core.makeStreams().writer.close()
      default: try await begin()
      }
      try await settle(isCancelled: false)
    }
    pending?.task.cancel()
    try await settle(isCancelled: true)
    return way
  }

  private mutating func begin() async throws {
    let read = draw()
    let reader = fed.reader
    let planted = planted
    let end = Flag()
    let task = start { () async throws -> NaiveReader.Outcome in
      defer { end.raise() }
      return try await perform(read, on: reader, planted: planted)
    }
    await turns(1)
    guard pending == nil else {
      // One reads already.
      let got = try await Pending(read: read, task: task, end: end).outcome()
      guard got == (model.isClosed ? .closed : .busy) else {
        throw CheckFailure("A second read got \(got).")
      }
      return
    }
    pending = Pending(read: read, task: task, end: end)
  }

  private mutating func draw() -> NaiveReader.Read {
    switch choices.choice(0...5) {
    case 0: .upTo(choices.choice(1...12))
    case 1: .exactly(choices.choice(1...40))
    case 2:
      .until(
        (0...choices.choice(0...1)).map { _ in
          (0..<choices.choice(1...4)).map { _ in [97, 98, 10][choices.choice(0...2)] }
        }, maxLength: choices.choice(0...20))
    case 3: .line(maxLength: choices.choice(0...20))
    case 4: .peek(choices.choice(1...20))
    default: .toEnd(limit: choices.choice(0...60))
    }
  }

  /// Brings what waits to its end, if the model says that it has one.
  private mutating func settle(isCancelled: Bool) async throws {
    guard let waiting = pending else { return }
    let expected = model.outcome(of: waiting.read) ?? (isCancelled ? .cancelled : nil)
    guard let expected else { return }
    pending = nil
    let got = try await waiting.outcome()
    guard got == expected else {
      throw CheckFailure("\(waiting.read) got \(got), and \(expected) was due.")
    }
    way = way &* 31 &+ got.kind
  }
}

/// A read as its caller sees it.
///
/// Planted: as asyncio and others had it, a cancel takes the bytes along.
private func perform(
  _ read: NaiveReader.Read, on reader: StreamReader, planted: Bool
) async throws -> NaiveReader.Outcome {
  do {
    let bytes: [UInt8]? =
      switch read {
      case .upTo(let count):
        planted ? try await inHalves(count, reader) : try await reader.read(upTo: count)
      case .exactly(let count):
        planted ? try await inHalves(count, reader) : try await reader.read(exactly: count)
      case .until(let separators, let maxLength):
        try await reader.read(until: separators, maxLength: maxLength)
      case .line(let maxLength): try await reader.readLineBytes(maxLength: maxLength)
      case .peek(let count): try await reader.peek(count)
      case .toEnd(let limit): try await reader.readToEnd(limit: limit)
      }
    return bytes.map { .bytes($0) } ?? .end
  } catch is CancellationError {
    return .cancelled
  } catch let error as StreamError {
    switch error.code {
    case .incompleteRead: return .incomplete(error.partial)
    case .limitOverrun: return .tooLong
    case .closed: return .closed
    case .busy: return .busy
    default: return .broken
    }
  }
}

/// Takes what is there and waits for the rest.
private func inHalves(_ count: Int, _ reader: StreamReader) async throws -> [UInt8]? {
  guard let first = try await reader.read(upTo: count) else { return nil }
  return first.count == count
    ? first : first + (try await reader.read(exactly: count - first.count))
}

extension NaiveReader.Outcome {
  fileprivate var kind: Int {
    switch self {
    case .bytes(let bytes): 1 + min(bytes.count, 4)
    case .end: 6
    case .incomplete: 7
    case .tooLong: 8
    case .closed: 9
    case .broken: 10
    case .busy: 11
    case .cancelled: 12
    }
  }
}
