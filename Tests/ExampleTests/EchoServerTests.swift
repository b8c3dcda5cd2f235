import Fluvial
import Glibc
import TestSupport
import Testing

@Suite struct EchoServerTests {
  // E06
  @Test func `each user is greeted with the number of users, and gets only its own lines`() throws {
    let server = try RunningEcho()
    let port = server.port
    try EventLoop.run {
      let (aReader, a) = try await openConnection(host: "127.0.0.1", port: port)
      #expect(try await aReader.readLine() == "Welcome! 1 user(s) are online!")
      let (bReader, b) = try await openConnection(host: "127.0.0.1", port: port)
      #expect(try await bReader.readLine() == "Welcome! 2 user(s) are online!")
      try await a.write("one\r\ntwo\n")
      #expect(try await aReader.read(exactly: 9) == Array("one\r\ntwo\n".utf8))
      try await b.write("three\n")
      #expect(try await bReader.readLine() == "three")
      // The end of the stream comes after the count has gone down.
      try a.writeEOF()
      #expect(try await aReader.readToEnd() == [])
      a.close()
      let (cReader, c) = try await openConnection(host: "127.0.0.1", port: port)
      #expect(try await cReader.readLine() == "Welcome! 2 user(s) are online!")
      for writer in [b, c] { writer.close() }
    }
  }

  // E06
  @Test func `a last line without an end comes back`() throws {
    let server = try RunningEcho()
    let answer = try server.exchange(Array("whole\npart".utf8))
    #expect(answer == Array("whole\npart".utf8))
  }

  @Test func `bytes that are no text come back`() throws {
    let server = try RunningEcho()
    let bytes: [UInt8] = [0xFF, 0, 0xC0, 0x0A, 0x0D, 0x0A, 0x80]
    #expect(try server.exchange(bytes) == bytes)
  }

  @Test func `a line that is too long is dropped with a word, and the next one comes back`() throws
  {
    let server = try RunningEcho()
    let tooLong = [UInt8](repeating: UInt8(ascii: "x"), count: 200_000)
    let answer = try server.exchange(tooLong + Array("\nnext\n".utf8))
    let text = String(decoding: answer, as: UTF8.self)
    #expect(text == "! a line longer than 65536 bytes was dropped\nnext\n")
  }

  @Test(arguments: [false, true])
  func `a megabyte of lines comes back`(overUnixSocket: Bool) throws {
    let folder = try TemporaryFolder()
    let server =
      if overUnixSocket { try RunningEcho(unixPath: folder.path + "/echo") } else {
        try RunningEcho()
      }
    let lines = (0..<16_384).map { number in
      let digits = String(number)
      return String(repeating: "-", count: 63 - digits.count) + digits + "\n"
    }
    let bytes = Array(lines.joined().utf8)
    #expect(bytes.count == 1_048_576)
    #expect(try server.exchange(bytes) == bytes)
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `a signal ends it in order, with those who are connected`(signal: Int32) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/echo"
    let server = try RunningEcho(unixPath: path)
    let processID = server.processID
    let rest = try EventLoop.run {
      let (reader, writer) = try await openConnection(unixPath: path)
      defer { writer.close() }
      _ = try await reader.readLine()
      kill(processID, signal)
      return try await reader.readToEnd()
    }
    #expect(rest == [])
    let outcome = try server.finish()
    #expect(outcome.ending == .exited(0))
    #expect(outcome.error == "")
    #expect(unsafe access(path, F_OK) != 0)
  }

  // MARK: What goes wrong

  @Test func `a port in use is a sentence with the address, and 69`() throws {
    let server = try RunningEcho()
    let outcome = try run(["--port", "\(server.port)"])
    #expect(outcome.ending == .exited(69))
    #expect(outcome.error.contains("127.0.0.1:\(server.port)"))
    #expect(outcome.output == "")
  }

  @Test func `a path too long is refused, not cut`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/" + String(repeating: "x", count: 150)
    let outcome = try run(["--unix", path])
    #expect(outcome.ending == .exited(64))
    #expect(outcome.error.contains("limit 107"))
    #expect(unsafe access(String(path.prefix(107)), F_OK) != 0)
  }

  @Test func `a path at which a server listens is refused, a stale socket is replaced`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/echo"
    do {
      let server = try RunningEcho(unixPath: path)
      #expect(try run(["--unix", path]).ending == .exited(69))
      #expect(try server.exchange(Array("still here\n".utf8)) == Array("still here\n".utf8))
      kill(server.processID, SIGKILL)
      _ = try server.finish()
    }
    let server = try RunningEcho(unixPath: path)
    #expect(try server.exchange(Array("again\n".utf8)) == Array("again\n".utf8))
  }

  @Test func `a file that stands at the path stays`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/notes"
    close(unsafe open(path, O_CREAT | O_WRONLY, 0o600))
    #expect(try run(["--unix", path]).ending == .exited(69))
    #expect(unsafe access(path, F_OK) == 0)
  }

  @Test func `a host that no resolver knows is named, and 68`() throws {
    let outcome = try run(["--host", "no..host"])
    #expect(outcome.ending == .exited(68))
    #expect(outcome.error.contains("no..host"))
  }

  @Test(arguments: [["--port", "65536"], ["--port", "-1"], ["--port", "echo"], ["surplus"]])
  func `arguments that cannot be meant are 64`(arguments: [String]) throws {
    #expect(try run(arguments).ending == .exited(64))
  }

  private func run(_ arguments: [String]) throws -> PipedProgram.Outcome {
    try PipedProgram.run(BuiltProducts.executable("echo-server"), arguments)
  }
}

/// The server as a program, killed when the test is done with it.
private final class RunningEcho {
  private let program: PipedProgram
  private let unixPath: String?
  /// Where it listens, unless at a path.
  let port: Int

  init(unixPath: String? = nil) throws {
    self.unixPath = unixPath
    let place = unixPath.map { ["--unix", $0] } ?? ["--port", "0"]
    program = try PipedProgram(BuiltProducts.executable("echo-server"), place)
    try program.waitForOutput("listening on ")
    let rest = try program.waitForOutput("\n")
    port = unixPath == nil ? try #require(Int(rest.dropLast().split(separator: " ").last ?? "")) : 0
  }

  var processID: Int32 { program.processID }

  func finish() throws -> PipedProgram.Outcome { try program.finish() }

  /// Sends all, ends the direction, and returns all that comes after the greeting.
  func exchange(_ bytes: [UInt8]) throws -> [UInt8] {
    let (unixPath, port) = (unixPath, port)
    return try EventLoop.run {
      let (reader, writer) =
        if let unixPath {
          try await openConnection(unixPath: unixPath)
        } else {
          try await openConnection(host: "127.0.0.1", port: port)
        }
      defer { writer.close() }
      _ = try await reader.readLine()
      async let answer = reader.readToEnd()
      try await writer.write(bytes)
      try writer.writeEOF()
      return try await answer
    }
  }
}

/// A folder for one test, removed afterwards with the files in it.
private struct TemporaryFolder: ~Copyable {
  let path: String

  init() throws {
    var template = Array("/tmp/echo-test-XXXXXX".utf8CString)
    let made = unsafe mkdtemp(&template) != nil
    try #require(made)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    for name in ["echo", "notes"] { unsafe unlink(path + "/" + name) }
    unsafe rmdir(path)
  }
}
