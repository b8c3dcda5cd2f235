/// Finds records in a whole input, as slowly and plainly as can be.
package enum NaiveSplitter {
  package enum Record: Equatable {
    case whole([UInt8])
    case tooLong
    /// What is left at the end, without a separator.
    case partial([UInt8])
  }

  package static func records(
    of input: [UInt8], by separators: [[UInt8]], maxLength: Int
  ) -> [Record] {
    var found: [Record] = []
    var rest = Array(input)
    let longest = separators.map(\.count).max() ?? 0
    while !rest.isEmpty {
      guard let (start, end) = firstMatch(in: rest, of: separators) else {
        // Not too long for certain while a separator could still have begun at the last place allowed.
        found.append(rest.count - maxLength >= longest ? .tooLong : .partial(rest))
        return found
      }
      found.append(start > maxLength ? .tooLong : .whole(Array(rest[..<end])))
      rest.removeFirst(end)
    }
    return found
  }

  /// The lines of a whole input, without LF or CRLF.
  package static func lines(of input: [UInt8], maxLength: Int) -> [Record] {
    input.split(separator: 10, omittingEmptySubsequences: false).compactMap { line -> Record? in
      let isLast = line.endIndex == input.endIndex
      // A CR without its LF belongs to the text.
      let text = !isLast && line.last == 13 ? line.dropLast() : line
      if isLast, text.isEmpty { return nil }
      if text.count > maxLength { return .tooLong }
      return isLast ? .partial(Array(text)) : .whole(Array(text))
    }
  }

  /// The match that ends first; of two that end together the longer.
  private static func firstMatch(
    in bytes: [UInt8], of separators: [[UInt8]]
  ) -> (start: Int, end: Int)? {
    for end in 1...bytes.count {
      let starts = separators.compactMap { separator in
        bytes[..<end].suffix(separator.count).elementsEqual(separator) ? end - separator.count : nil
      }
      if let start = starts.min() { return (start, end) }
    }
    return nil
  }
}
