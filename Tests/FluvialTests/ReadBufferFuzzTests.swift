import FluvialPrimitives
import FluvialTransports
import StreamTestSupport
import Testing

@testable import Fluvial

/// The read buffer against a naive model of it, on drawn operations; a failure prints its seed.
@Suite struct ReadBufferFuzzTests {
  @Test(arguments: 0..<8)
  func `records are what a naive splitter finds, however the bytes are cut`(batch: Int) throws {
    for round in 0..<150 {
      let seed = UInt64(batch * 1000 + round)
      var random = SeededGenerator(seed: seed)
      let separators = Self.separators(&random)
      let maxLength = Int.random(in: 0...12, using: &random)
      let input = (0..<Int.random(in: 0...120, using: &random)).map { _ in
        UInt8.random(in: 97...99, using: &random)
      }
      let expected = NaiveSplitter.records(of: input, by: separators, maxLength: maxLength)
      let found = try Self.feed(input, separators, maxLength, &random)
      #expect(found == expected, "seed \(seed): \(separators), \(maxLength), \(input.text)")
    }
  }

  private static func separators(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<Int.random(in: 1...3, using: &random)).map { _ in
      (0..<Int.random(in: 1...4, using: &random)).map { _ in
        UInt8.random(in: 97...99, using: &random)
      }
    }
  }

  /// Reads records as they come, as a reader does: look, wait for the demand, look again.
  private static func feed(
    _ input: [UInt8], _ patterns: [[UInt8]], _ maxLength: Int, _ random: inout SeededGenerator
  ) throws -> [NaiveSplitter.Record] {
    let separators = try Separators(patterns)
    var state = ReaderState(limit: 1000)
    let record = RecordDemand(separators: separators, maxLength: maxLength, isLine: false)
    var demand = Demand.record(record)
    var found: [NaiveSplitter.Record] = []
    var rest = input[...]
    while true {
      if state.buffer.satisfies(&demand) {
        let step: ReadStep<[UInt8]> =
          state.buffer.isSkipping
          ? state.whileSkipping() : state.takeRecord(record, .discard) { $0.take($2) }
        switch step {
        case .value(let bytes): found.append(.whole(bytes))
        case .failure: found.append(.tooLong)
        case .leftOver(let bytes):
          if !bytes.isEmpty { found.append(.partial(bytes)) }
          return found
        case .wait: break
        }
        demand = .record(record)
        continue
      }
      if rest.isEmpty {
        state.buffer.end()
      } else {
        let piece = Array(rest.prefix(Int.random(in: 1...9, using: &random)))
        rest = rest.dropFirst(piece.count)
        // Half of the pieces are looked at where they lie, as during a delivery.
        let isWindow = Bool.random(using: &random)
        unsafe piece.withUnsafeBufferPointer { bytes in
          if isWindow {
            unsafe state.buffer.openWindow(bytes)
          } else {
            unsafe state.buffer.append(bytes)
          }
          if isWindow { state.buffer.closeWindow() }
        }
      }
    }
  }

  @Test(arguments: 0..<8)
  func `counts, peeks, loans and lines take what a plain array gives`(batch: Int) throws {
    for round in 0..<100 {
      let seed = UInt64(batch * 7919 + round)
      var random = SeededGenerator(seed: seed)
      var buffer = ReadBuffer()
      var model: [UInt8] = []
      var next: UInt8 = 0
      for _ in 0..<80 {
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1:
          let piece = (0..<Int.random(in: 1...50, using: &random)).map { _ -> UInt8 in
            next &+= 1
            return next
          }
          model += piece
          unsafe piece.withUnsafeBufferPointer { bytes in
            unsafe buffer.openWindow(bytes)
            // The waiting reader is served while the bytes are lent.
            let taken = Int.random(in: 0...20, using: &random)
            let got = buffer.take(taken)
            #expect(got == Array(model.prefix(taken)), "seed \(seed)")
            model.removeFirst(min(taken, model.count))
            buffer.closeWindow()
          }
        case 2:
          let count = Int.random(in: 0...60, using: &random)
          #expect(buffer.prefix(count) == Array(model.prefix(count)), "seed \(seed)")
        case 3:
          let count = Int.random(in: 0...60, using: &random)
          #expect(buffer.take(count) == Array(model.prefix(count)), "seed \(seed)")
          model.removeFirst(min(count, model.count))
        case 4:
          var loan = buffer.takeQueue()
          let count = Int.random(in: 0...loan.count, using: &random)
          loan.consume(count)
          buffer.putBack(loan)
          model.removeFirst(count)
        default:
          let end = model.firstIndex { $0 == 10 }.map { $0 + 1 } ?? model.count
          var record = RecordDemand(separators: .newline, maxLength: .max, isLine: false)
          if case .found(_, let total) = buffer.find(&record) {
            #expect(total == end, "seed \(seed)")
            buffer.consume(total)
            model.removeFirst(total)
          } else {
            #expect(!model.contains(10), "seed \(seed)")
          }
        }
        #expect(buffer.count == model.count, "seed \(seed)")
      }
      buffer.end()
      #expect(buffer.take(.max) == model, "seed \(seed)")
    }
  }
}
