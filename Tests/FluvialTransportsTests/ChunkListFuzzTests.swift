import FluvialPrimitives
import StreamTestSupport
import Testing

@testable import FluvialTransports

/// The containers behind reading and writing against plain arrays; a failure prints its seed.
@Suite struct ChunkListFuzzTests {
  @Test(arguments: 0..<8)
  func `a chunk list gives out what was put in, in order`(batch: Int) {
    let sizes = [0, 1, 7, 500, 16_383, 16_384, 16_385, 70_000]
    for round in 0..<40 {
      let seed = UInt64(batch * 1000 + round)
      var random = SeededGenerator(seed: seed)
      var list = ChunkList()
      // Byte n of the stream is pattern(1, from: n): counters are model enough.
      var (put, taken) = (0, 0)
      for _ in 0..<60 {
        let size = sizes.randomElement(using: &random) ?? 1
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
          list.append(pattern(size, from: put))
          put += size
        case 1:
          let start = Int.random(in: 0...size, using: &random)
          let skipped = [UInt8](repeating: 0, count: start)
          list.append(skipped + pattern(size - start, from: put), from: start)
          put += size - start
        case 2:
          list.append(copying: pattern(size, from: put).span)
          put += size
        default:
          guard !list.isEmpty else { continue }
          let expected = pattern(put - taken, from: taken)
          let lent: Int = unsafe list.withFirstTwo { first, second in
            let all = unsafe Array(first) + (second.map { unsafe Array($0) } ?? [])
            #expect(all == Array(expected.prefix(all.count)), "seed \(seed)")
            return all.count
          }
          #expect(lent > 0, "seed \(seed)")
          let count = Int.random(in: 1...lent, using: &random)
          list.consume(count)
          taken += count
        }
        #expect(list.count == put - taken, "seed \(seed)")
        #expect(list.isEmpty == (put == taken), "seed \(seed)")
      }
      list.removeAll()
      #expect(list.isEmpty)
    }
  }

  @Test(arguments: 0..<8)
  func `a byte queue gives out what was put in, in order`(batch: Int) {
    for round in 0..<60 {
      let seed = UInt64(batch * 1000 + round)
      var random = SeededGenerator(seed: seed)
      var queue = ByteQueue()
      var (put, taken) = (0, 0)
      for _ in 0..<100 {
        let size = Int.random(in: 0...9000, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
          unsafe pattern(size, from: put).withUnsafeBufferPointer { unsafe queue.append($0) }
          put += size
        case 1:
          queue.append(ByteQueue(pattern(size, from: put)))
          put += size
        case 2:
          let got = queue.take(size)
          #expect(got == pattern(min(size, put - taken), from: taken), "seed \(seed)")
          taken += got.count
        default:
          queue.consume(size)
          taken = min(put, taken + size)
        }
        #expect(queue.count == put - taken, "seed \(seed)")
        #expect(queue.isEmpty == (put == taken), "seed \(seed)")
      }
    }
  }
}
