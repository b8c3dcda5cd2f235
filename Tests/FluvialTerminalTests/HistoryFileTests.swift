import FluvialTransports
import Glibc
import TestSupport
import Testing

@testable import FluvialTerminal

@Suite struct HistoryFileTests {
  @Test func `lines come back in order, whatever is in them`() throws {
    let folder = try Folder()
    let file = HistoryFile(path: folder.path("history"))
    #expect(try file.load() == [])
    let lines = ["one", "two\nlines", "back\\slash \\n", "漢字 👨‍👩‍👧", "\u{301}mark", "\\"]
    for line in lines { try file.append(line) }
    #expect(try file.load() == lines)
    #expect(try HistoryFile(path: file.path, limit: 3).load() == Array(lines.suffix(3)))
  }

  @Test func `the file is its user's alone`() throws {
    let folder = try Folder()
    let file = HistoryFile(path: folder.path("history"))
    try file.append("secret")
    #expect(try folder.mode("history") == 0o600)
    // One that others could read is mended by its descriptor.
    unsafe chmod(file.path, 0o644)
    try file.append("another")
    #expect(try folder.mode("history") == 0o600)
  }

  @Test func `a link is refused, and what it leads to stays as it is`() throws {
    let folder = try Folder()
    try HistoryFile(path: folder.path("target")).append("before")
    unsafe chmod(folder.path("target"), 0o644)
    #expect(unsafe symlink(folder.path("target"), folder.path("history")) == 0)
    let file = HistoryFile(path: folder.path("history"))
    #expect(throws: UVError(code: -ELOOP)) { try file.load() }
    #expect(throws: UVError(code: -ELOOP)) { try file.append("through the link") }
    #expect(try folder.mode("target") == 0o644)
    #expect(try HistoryFile(path: folder.path("target")).load() == ["before"])
    // A link to nowhere makes no file there.
    #expect(unsafe symlink(folder.path("nowhere"), folder.path("dangling")) == 0)
    #expect(throws: UVError.self) { try HistoryFile(path: folder.path("dangling")).append("x") }
    #expect(unsafe access(folder.path("nowhere"), F_OK) != 0)
  }

  @Test func `what is no file is refused at once`() throws {
    let folder = try Folder()
    #expect(unsafe mkfifo(folder.path("pipe"), 0o600) == 0)
    for path in [folder.path("pipe"), folder.path(""), "/dev/null", folder.path("no/such")] {
      #expect(throws: UVError.self) { try HistoryFile(path: path).append("x") }
    }
    #expect(throws: UVError.accessDenied) { try HistoryFile(path: "/dev/null").load() }
  }

  @Test func `a line with a space in front is not kept, nor an empty one`() throws {
    let folder = try Folder()
    let file = HistoryFile(path: folder.path("history"))
    for line in [" secret", "", "kept"] { try file.append(line) }
    #expect(try file.load() == ["kept"])
  }

  @Test func `a file that has grown is shortened to the newest lines`() throws {
    let folder = try Folder()
    try folder.write((0..<25).map { "line \($0)\n" }.joined(), to: "history")
    let file = HistoryFile(path: folder.path("history"), limit: 10)
    #expect(try file.load() == (15..<25).map { "line \($0)" })
    #expect(try folder.read("history") == (15..<25).map { "line \($0)\n" }.joined())
    #expect(try folder.mode("history") == 0o600)
    #expect(try folder.names() == ["history"])
  }

  @Test func `more than 4 MiB is not read, and cut off`() throws {
    let folder = try Folder()
    let line = String(repeating: "x", count: 1 << 20)
    try folder.write((0..<6).map { "\($0)\(line)\n" }.joined(), to: "history")
    let file = HistoryFile(path: folder.path("history"))
    #expect(try file.load().map { $0.first } == ["3", "4", "5"])
    #expect(try folder.read("history").utf8.count < 4 << 20)
  }

  @Test func `a line that was torn off stays a line of its own`() throws {
    let folder = try Folder()
    try folder.write("one\nhal", to: "history")
    let file = HistoryFile(path: folder.path("history"))
    try file.append("two")
    #expect(try file.load() == ["one", "hal", "two"])
  }

  @Test func `a full disk leaves nothing of the line`() throws {
    let folder = try Folder()
    let file = HistoryFile(path: folder.path("history"))
    try file.append("one")
    // The limit on a file's size stands for the end of the disk; only for this process's children.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" append \"$1\""
    let outcome = try PipedProgram.run(
      "/bin/sh",
      ["-c", script, try BuiltProducts.executable("terminal-probe"), file.path],
      input: String(repeating: "y", count: 3_000))
    #expect(outcome.output == "EFBIG\n")
    #expect(try folder.read("history") == "one\n")
  }

  @Test func `several writers lose no line, also while the file is shortened`() async throws {
    let folder = try Folder()
    try folder.write((0..<3_000).map { "old \($0)\n" }.joined(), to: "history")
    let file = HistoryFile(path: folder.path("history"), limit: 1_400)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          for number in 0..<250 {
            try file.append("new \(writer) \(number)")
            // Grows and is shortened again and again.
            if number % 50 == 0 { _ = try HistoryFile(path: file.path, limit: 1_400).load() }
          }
        }
      }
      try await group.waitForAll()
    }
    let lines = try file.load()
    for writer in 0..<4 {
      #expect(
        lines.filter { $0.hasPrefix("new \(writer) ") } == (0..<250).map { "new \(writer) \($0)" })
    }
  }

  @Test(arguments: seeds) func `any bytes are read without a trap and without a control`(
    _ seed: UInt64
  ) throws {
    var random = SeededGenerator(seed: seed)
    let folder = try Folder()
    let file = HistoryFile(path: folder.path("history"))
    for _ in 0..<20 {
      let text = random.hostileText(upTo: 20)
      #expect(
        HistoryFile.decoded(Substring(HistoryFile.encoded(text)))
          == withoutControls(text, except: "\n"))
      try folder.write(bytes: random.bytes(upTo: 60) + Array(text.utf8), to: "history")
      for line in try file.load() {
        #expect(
          line.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control }
        )
      }
    }
  }
}

/// A folder of a test's own, gone with it.
final class Folder {
  private let root: String

  init() throws {
    var template = Array("/tmp/fluvial-XXXXXX".utf8CString)
    guard let made = unsafe mkdtemp(&template) else { throw HarnessError("No folder: \(errno).") }
    root = unsafe String(cString: made)
  }

  deinit {
    for name in (try? names()) ?? [] { _ = unsafe unlink(path(name)) }
    _ = unsafe rmdir(root)
  }

  func path(_ name: String) -> String { "\(root)/\(name)" }

  func mode(_ name: String) throws -> mode_t {
    var status = stat()
    guard unsafe stat(path(name), &status) == 0 else { throw HarnessError("No \(name).") }
    return status.st_mode & 0o777
  }

  func names() throws -> [String] {
    guard let folder = unsafe opendir(root) else { throw HarnessError("No \(root).") }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func write(_ text: String, to name: String) throws {
    try write(bytes: Array(text.utf8), to: name)
  }

  func write(bytes: [UInt8], to name: String) throws {
    let file = unsafe fopen(path(name), "w")
    guard let file = unsafe file else { throw HarnessError("No \(name).") }
    defer { unsafe fclose(file) }
    guard unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count else {
      throw HarnessError("Not written.")
    }
  }

  func read(_ name: String) throws -> String {
    guard let file = unsafe fopen(path(name), "r") else { throw HarnessError("No \(name).") }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 16 << 20)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}
