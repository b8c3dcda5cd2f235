import Testing

@testable import http_get

@Suite struct ResponseParserTests {
  private static let chunked =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
    + "3\r\nabc\r\n1;ext\r\nd\r\n0\r\nTrailer: x\r\n\r\n"
  private static let counted = "HTTP/1.1 404 Not Found\r\ncontent-length : 3 \r\n\r\nabc"

  @Test(arguments: [chunked, counted])
  func `a response may be cut at any byte`(text: String) throws {
    let bytes = Array(text.utf8)
    let whole = try shown(of: [bytes])
    for cut in 0...bytes.count {
      #expect(try shown(of: [Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
    }
    #expect(try shown(of: bytes.map { [$0] }) == whole)
  }

  @Test func `a header without an end is refused, and not kept`() throws {
    let request = try Request(url: "h", port: nil, path: nil, head: false)
    var parser = ResponseParser(answerTo: request)
    let start = Array("HTTP/1.1 200 OK\r\nX: ".utf8)
    _ = try parser.feed(start.span)
    let filler = [UInt8](repeating: UInt8(ascii: "x"), count: 70_000)
    #expect(throws: ResponseParser.Malformed.self) { try parser.feed(filler.span) }
  }

  private func shown(of pieces: [[UInt8]]) throws -> String {
    let request = try Request(url: "h", port: nil, path: nil, head: false)
    var parser = ResponseParser(answerTo: request)
    var result: [UInt8] = []
    for piece in pieces { result += try parser.feed(piece.span) }
    #expect(parser.isComplete)
    try parser.finish()
    return String(decoding: result, as: UTF8.self)
  }
}

@Suite struct RequestTests {
  @Test(
    arguments: [
      ("http://h", "h", 80, "/"), ("h", "h", 80, "/"), ("h:81", "h", 81, "/"),
      ("HTTP://h:81/a?b#c", "h", 81, "/a?b"), ("h?b", "h", 80, "/?b"), ("h/a//b", "h", 80, "/a//b"),
      ("http://[::1]:8000/x", "::1", 8000, "/x"), ("[::1]", "::1", 80, "/"),
      ("http://h/a:b@c", "h", 80, "/a:b@c"),
    ])
  func `a URL is taken apart`(url: String, host: String, port: Int, path: String) throws {
    let request = try Request(url: url, port: nil, path: nil, head: false)
    #expect(request.host == host)
    #expect(request.port == port)
    #expect(request.path == path)
  }

  @Test func `a host with port and path of their own needs no URL`() throws {
    let request = try Request(url: "::1", port: 8000, path: "x", head: true)
    #expect(request.text.hasPrefix("HEAD /x HTTP/1.1\r\nHost: [::1]:8000\r\n"))
    #expect(request.text.hasSuffix("\r\n\r\n"))
  }
}
