import Fluvial

/// One client of the crowd.
struct Guest: Sendable {
  let name: String
  let reader: StreamReader
  let writer: StreamWriter

  static let startMark = "let us begin"
  static let endMark = "that is all"
  private static let slowNotice = Array("* slow left (too slow)".utf8)

  /// Connects and waits for the welcome.
  static func join(_ name: String, _ options: String = "", port: Int) async throws -> Guest {
    let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
    let guest = Guest(name: name, reader: reader, writer: writer)
    try await guest.say("CONNECT \(name) \(options)")
    while let line = try await reader.readLine() {
      if line.hasPrefix("* Welcome, \(name)!") { return guest }
    }
    throw LoadFailure("\(name) was not let in.")
  }

  /// Comes and is gone, the connection reset, again and again; how often that was.
  static func vanish(
    every pause: Duration, until end: LoopClock.Instant, port: Int
  ) async throws -> Int {
    let clock = (EventLoop.current ?? .shared).clock
    var count = 0
    while clock.now.advanced(by: pause) < end {
      try await clock.sleep(for: pause)
      let guest = try await join("ghost\(count)", port: port)
      guest.writer.abort()
      count += 1
    }
    return count
  }

  func say(_ line: String) async throws { try await writer.write(line + "\n") }

  /// Talks until `end`, and returns how many lines that were.
  func talk(
    from start: LoopClock.Instant, until end: LoopClock.Instant, pause: Duration, longest: Int
  ) async throws -> Int {
    let clock = writer.loop.clock
    var count = 0
    while clock.now < end {
      // The time, so that whoever reads it knows how long it took; then as much as it takes.
      let stamp = "\(start.duration(to: clock.now) / .microseconds(1))"
      let length = (count * 379 + name.utf8.count * 101) % longest
      try await say("\(stamp) " + String(repeating: "x", count: max(length - 40, 0)))
      count += 1
      try await clock.sleep(for: pause)
    }
    return count
  }

  /// Reads from the first mark to the last one, then leaves.
  func listen(since start: LoopClock.Instant) async throws -> Digest {
    defer { writer.close() }
    let clock = reader.loop.clock
    let own = Array("<\(name)> ".utf8)
    let startLine = Array("<conductor> \(Self.startMark)".utf8)
    let endLine = Array("<conductor> \(Self.endMark)".utf8)
    var digest = Digest(name: name)
    var hasStarted = false
    while let line = try await reader.readLineBytes(maxLength: 8_192) {
      if line.starts(with: "PING ".utf8) {
        try await say("/pong \(String(decoding: line.dropFirst(5), as: UTF8.self))")
        continue
      }
      if line.first == UInt8(ascii: "!") { digest.errors += 1 }
      // What is for everybody: messages and notices.
      guard line.first == UInt8(ascii: "<") || line.first == UInt8(ascii: "*") else { continue }
      guard hasStarted else {
        hasStarted = line == startLine
        continue
      }
      if line == endLine { return digest }
      digest.add(line)
      if line == Self.slowNotice { digest.bytesUntilSlowLeft = digest.bytes }
      if line.starts(with: own) {
        let stamp = line.dropFirst(own.count).prefix { $0 != UInt8(ascii: " ") }
        if let sent = Double(String(decoding: stamp, as: UTF8.self)) {
          digest.delays.append(start.duration(to: clock.now) / .microseconds(1) - sent)
        }
      }
    }
    throw LoadFailure("\(name) lost its connection.")
  }
}

/// What one client has read, in short: equal for all when all have read the same lines.
struct Digest: Sendable {
  let name: String
  private(set) var lines = 0
  private(set) var bytes = 0
  private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  /// Refusals, such as for talking too fast.
  var errors = 0
  var bytesUntilSlowLeft: Int?
  /// Microseconds from saying a line to reading it.
  var delays: [Double] = []

  init(name: String) { self.name = name }

  /// FNV-1a, newline included.
  mutating func add(_ line: [UInt8]) {
    lines += 1
    bytes += line.count + 1
    for byte in line { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ 10) &* 0x100_0000_01b3
  }
}

/// What went wrong, as a sentence.
struct LoadFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
