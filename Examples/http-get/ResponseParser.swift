/// Finds the end of an HTTP/1.x response, and takes the framing of chunks out of its body.
///
/// A value that knows nothing of sockets: both ways of fetching feed it what they receive, cut anywhere.
struct ResponseParser {
  /// A response that is not HTTP, or not whole.
  struct Malformed: Error { var message: String }

  /// statusLine -> field -> one of the body's kinds -> nothing; a 1xx head leads back to statusLine.
  private enum Expected {
    case statusLine, field
    case counted(Int)
    case chunkSize
    case chunk(Int)
    case chunkEnd, trailer
    case untilClose
    case nothing
  }

  private static let headLimit = 64 * 1024

  private let isHead: Bool
  private var expected = Expected.statusLine
  private var line: [UInt8] = []
  private var headSize = 0
  private var status = 0
  private var length: Int?
  private var isChunked = false

  init(answerTo request: Request) { isHead = request.method == "HEAD" }

  /// Whether everything that belongs to the response has been seen.
  var isComplete: Bool { if case .nothing = expected { true } else { false } }

  /// Takes what came, and returns what of it is to be shown.
  mutating func feed(_ bytes: Span<UInt8>) throws(Malformed) -> [UInt8] {
    var shown: [UInt8] = []
    var position = 0
    while position < bytes.count, !isComplete {
      guard let wanted = bodyBytesWanted else {
        let byte = bytes[position]
        position += 1
        try feedLine(byte, &shown)
        continue
      }
      let end = position + min(wanted, bytes.count - position)
      shown.reserveCapacity(shown.count + end - position)
      for index in position..<end { shown.append(bytes[index]) }
      tookBody(end - position)
      position = end
    }
    return shown
  }

  /// Takes the end of the connection, which not every response may have here.
  mutating func finish() throws(Malformed) {
    switch expected {
    case .nothing, .untilClose: expected = .nothing
    case .statusLine where headSize == 0:
      throw Malformed(message: "The server closed without an answer.")
    case .counted(let left): throw Malformed(message: "The body ended \(left) bytes too early.")
    default: throw Malformed(message: "The answer ended before it was whole.")
    }
  }

  // MARK: Body

  /// How many bytes belong to the body from here on; nil where a line is expected.
  private var bodyBytesWanted: Int? {
    switch expected {
    case .counted(let left), .chunk(let left): left
    case .untilClose: .max
    default: nil
    }
  }

  private mutating func tookBody(_ count: Int) {
    switch expected {
    case .counted(let left): expected = left == count ? .nothing : .counted(left - count)
    case .chunk(let left): expected = left == count ? .chunkEnd : .chunk(left - count)
    default: break
    }
  }

  // MARK: Lines

  private mutating func feedLine(_ byte: UInt8, _ shown: inout [UInt8]) throws(Malformed) {
    line.append(byte)
    headSize += 1
    guard headSize <= Self.headLimit else { throw Malformed(message: "The header is too long.") }
    guard byte == UInt8(ascii: "\n") else { return }
    let text = String(decoding: line, as: UTF8.self).trimmed
    switch expected {
    case .statusLine, .field: shown += line
    default: headSize = 0
    }
    line = []
    try take(text)
  }

  private mutating func take(_ text: Substring) throws(Malformed) {
    switch expected {
    case .statusLine:
      let words = text.split(separator: " ", maxSplits: 2)
      guard words.count > 1, words[0].hasPrefix("HTTP/1."), let code = Int(words[1]) else {
        throw Malformed(message: "The answer is not HTTP/1.")
      }
      status = code
      (length, isChunked) = (nil, false)
      expected = .field
    case .field: if text.isEmpty { headIsOver() } else { try takeField(text) }
    case .chunkSize:
      let digits = text.prefix { $0 != ";" }.trimmed
      guard let size = Int(digits, radix: 16), size >= 0 else {
        throw Malformed(message: "'\(digits)' is no size of a chunk.")
      }
      expected = size == 0 ? .trailer : .chunk(size)
    case .chunkEnd:
      guard text.isEmpty else { throw Malformed(message: "A chunk is longer than announced.") }
      expected = .chunkSize
    case .trailer: if text.isEmpty { expected = .nothing }
    case .counted, .chunk, .untilClose, .nothing: break
    }
  }

  private mutating func takeField(_ text: Substring) throws(Malformed) {
    guard let colon = text.firstIndex(of: ":") else { return }
    let value = text[text.index(after: colon)...].trimmed
    switch text[..<colon].trimmed.lowercased() {
    case "content-length":
      guard let count = Int(value), count >= 0, length == nil || length == count else {
        throw Malformed(message: "'\(value)' is no length of a body.")
      }
      length = count
    case "transfer-encoding": isChunked = value.lowercased().hasSuffix("chunked")
    default: break
    }
  }

  private mutating func headIsOver() {
    if (100..<200).contains(status), status != 101 {
      expected = .statusLine
    } else if isHead || status == 204 || status == 304 {
      expected = .nothing
    } else if isChunked {
      headSize = 0
      expected = .chunkSize
    } else if let length {
      expected = length == 0 ? .nothing : .counted(length)
    } else {
      expected = .untilClose
    }
  }
}

extension StringProtocol where SubSequence == Substring {
  /// Without white space at either end.
  fileprivate var trimmed: Substring {
    var rest = self[...]
    while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
    while rest.last?.isWhitespace == true { rest = rest.dropLast() }
    return rest
  }
}
