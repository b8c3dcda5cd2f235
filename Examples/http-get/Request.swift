/// What to ask of whom.
struct Request: Sendable {
  /// A URL that cannot be used, and why.
  struct Malformed: Error { var message: String }

  let method: String
  let host: String
  let port: Int
  let path: String

  /// From a URL, or from a host with a port and a path of their own.
  init(url: String, port: Int?, path: String?, head: Bool) throws(Malformed) {
    method = head ? "HEAD" : "GET"
    var authority = url[...]
    var target = path ?? "/"
    var number = port
    if port == nil {
      authority = try Self.withoutScheme(url)
      if let end = authority.firstIndex(where: { "/?#".contains($0) }) {
        target = String(authority[end...].prefix { $0 != "#" })
        authority = authority[..<end]
      }
      (authority, number) = try Self.splitPort(authority)
    }
    if authority.hasPrefix("["), authority.hasSuffix("]") {
      authority = authority.dropFirst().dropLast()
    }
    guard !authority.isEmpty, authority.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      throw Malformed(message: "'\(url)' names no host.")
    }
    guard !authority.contains(where: { "/@[]".contains($0) }) else {
      throw Malformed(message: "'\(authority)' is no host; user names are not supported.")
    }
    self.port = number ?? 80
    guard (1...65535).contains(self.port) else {
      throw Malformed(message: "The port must be in 1...65535, and \(self.port) is not.")
    }
    host = String(authority)
    self.path = Self.percentEncoded(target.hasPrefix("/") ? target : "/" + target)
  }

  /// What goes over the wire.
  ///
  /// The server is asked to close at the end; one that does not is understood all the same.
  var text: String {
    let name = host.contains(":") ? "[\(host.prefix { $0 != "%" })]" : host
    return """
      \(method) \(path) HTTP/1.1\r
      Host: \(port == 80 ? name : "\(name):\(port)")\r
      User-Agent: http-get\r
      Accept: */*\r
      Connection: close\r
      \r\n
      """
  }

  private static func withoutScheme(_ url: String) throws(Malformed) -> Substring {
    let authorityStart = url.firstIndex { "/?#".contains($0) } ?? url.endIndex
    guard authorityStart > url.startIndex, url[authorityStart...].hasPrefix("//") else {
      return url[...]
    }
    guard url[..<authorityStart].lowercased() == "http:" else {
      throw Malformed(message: "'\(url)': only http is spoken here.")
    }
    return url[authorityStart...].dropFirst(2)
  }

  private static func splitPort(_ authority: Substring) throws(Malformed) -> (Substring, Int?) {
    let afterNumber = authority.lastIndex(of: "]") ?? authority.startIndex
    guard let colon = authority[afterNumber...].firstIndex(of: ":") else { return (authority, nil) }
    let digits = authority[authority.index(after: colon)...]
    if digits.contains(":") {
      throw Malformed(message: "'\(authority)': an IPv6 number in a URL stands in brackets.")
    }
    guard let port = Int(digits), digits.allSatisfy(\.isNumber) else {
      throw Malformed(message: "'\(digits)' is no port.")
    }
    return (authority[..<colon], port)
  }

  /// Escapes what may not stand in a request line; a line break there would be a second header.
  private static func percentEncoded(_ path: String) -> String {
    var result = ""
    for byte in path.utf8 {
      if (0x21...0x7E).contains(byte) {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}
