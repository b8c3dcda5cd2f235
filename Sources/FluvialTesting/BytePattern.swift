/// Bytes that tell their place: a lost, doubled or swapped one shows.
package func sample(_ count: Int, from start: Int = 0) -> [UInt8] {
  var all: [UInt8] = []
  all.reserveCapacity(count)
  var place = start % period.count
  while all.count < count {
    let end = min(period.count, place + count - all.count)
    all += period[place..<end]
    place = 0
  }
  return all
}

/// A prime number of bytes, so that no power of two is a multiple of it.
private let period: [UInt8] = (0..<65_521).map {
  UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13)
}
