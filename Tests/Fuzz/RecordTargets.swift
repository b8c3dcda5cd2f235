import CheckRows
import Fluvial
import StreamTestSupport

/// F1: lines, whatever the pieces they come in, against a naive splitter.
struct LineTarget: FuzzTarget {
  let id = "F1"
  let name = "lines cut anywhere, against a naive splitter"
  let corpus = [
    "\u{3}\u{2}\u{7}one\r\ntwo\n\nthree", "\u{8}\u{1}\u{1}\r\n\r\r\n\n\r",
    "\u{0}\u{0}\u{0}é\n\u{0}",
  ]
  .map { Array($0.utf8) }

  func run(_ input: [UInt8], planted: Bool) async throws -> Int {
    var choices = InputBytes(input)
    let maxLength = choices.choice(0...24)
    var pieces = Pieces(&choices)
    let data = choices.takeAll()
    let expected = NaiveSplitter.lines(of: data, maxLength: maxLength)
    let fed = try FedStream(planted ? .splitReturn : nil)
    let reading = start { () async throws -> [NaiveSplitter.Record] in
      try await Self.lines(of: fed.reader, maxLength: maxLength, endsWithLF: data.last == 10)
    }
    try await fed.feed(data, &pieces)
    let found = try await reading.value
    guard found == expected else {
      throw CheckFailure("Lines \(found) were read, and \(expected) were sent.")
    }
    return found.prefix(6).reduce(maxLength) { $0 &* 31 &+ $1.kind }
  }

  private static func lines(
    of reader: StreamReader, maxLength: Int, endsWithLF: Bool
  ) async throws -> [NaiveSplitter.Record] {
    var found: [NaiveSplitter.Record] = []
    while true {
      do {
        guard let line = try await reader.readLineBytes(maxLength: maxLength) else { break }
        found.append(.whole(line))
      } catch let error as StreamError where error.code == .limitOverrun { found.append(.tooLong) }
    }
    // A last line without its terminator is returned like the others.
    if !endsWithLF, case .whole(let last) = found.last, reader.isAtEnd {
      found[found.count - 1] = .partial(last)
    }
    return found
  }
}

/// F2: one to three separators of one to eight bytes, of an alphabet so small that they overlap.
struct SeparatorTarget: FuzzTarget {
  let id = "F2"
  let name = "records between separators split anywhere, against a naive splitter"
  let corpus: [[UInt8]] = [
    [9, 0, 1, 2, 0, 1, 3, 3, 97, 98, 97, 97, 98, 97, 98, 97], [2, 2, 7, 0, 0, 1, 0, 0, 0, 1, 0, 2],
  ]

  func run(_ input: [UInt8], planted: Bool) async throws -> Int {
    var choices = InputBytes(input)
    let maxLength = choices.choice(0...20)
    let separators = (0...choices.choice(0...2)).map { _ in
      (0..<choices.choice(1...8)).map { _ in Self.letter(UInt8(choices.choice(0...255))) }
    }
    var pieces = Pieces(&choices)
    let data = choices.takeAll().map(Self.letter)
    let expected = NaiveSplitter.records(of: data, by: separators, maxLength: maxLength)
    let fed = try FedStream(planted ? .lostAtCut : nil)
    let reading = start {
      try await Self.records(of: fed.reader, separators, maxLength: maxLength)
    }
    try await fed.feed(data, &pieces)
    let found = try await reading.value
    guard found == expected else {
      throw CheckFailure("\(found) were read, and \(expected) were sent, between \(separators).")
    }
    return found.prefix(6).reduce(separators.count) { $0 &* 31 &+ $1.kind }
  }

  private static func letter(_ byte: UInt8) -> UInt8 { 97 + byte % 3 }

  private static func records(
    of reader: StreamReader, _ separators: [[UInt8]], maxLength: Int
  ) async throws -> [NaiveSplitter.Record] {
    var found: [NaiveSplitter.Record] = []
    while true {
      do {
        found.append(.whole(try await reader.read(until: separators, maxLength: maxLength)))
      } catch let error as StreamError where error.code == .limitOverrun {
        found.append(.tooLong)
      } catch let error as StreamError where error.code == .incompleteRead {
        if !error.partial.isEmpty { found.append(.partial(error.partial)) }
        return found
      }
    }
  }
}

extension NaiveSplitter.Record {
  /// For telling ways apart.
  fileprivate var kind: Int {
    switch self {
    case .whole(let bytes): 1 + min(bytes.count, 8)
    case .tooLong: 20
    case .partial(let bytes): 21 + min(bytes.count, 8)
    }
  }
}
