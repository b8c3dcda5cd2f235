import Fluvial
import Glibc
import TestSupport
import Testing

/// What programs do with the standard streams that they were given.
@Suite struct StandardStreamTests {
  private static let answer = "HTTP/1.0 200 OK\r\n\r\nhello"

  @Test func `a program that only writes to its terminal leaves what is typed there`() throws {
    let terminal = try PseudoTerminal()
    try terminal.type("typed\n")
    try withAnsweringServer { program, arguments in
      let child = try terminal.spawn(program, arguments)
      try terminal.waitFor("hello")
      #expect(try terminal.wait(for: child) == .exited(0))
    }
    var event = pollfd(fd: terminal.descriptor, events: Int16(POLLIN), revents: 0)
    try #require(unsafe poll(&event, 1, 0) == 1)
    var line = [UInt8](repeating: 0, count: 16)
    let count = unsafe read(terminal.descriptor, &line, line.count)
    #expect(line.prefix(max(count, 0)) == Array("typed\n".utf8)[...])
  }

  @Test func `closed standard streams are as good as the null device`() throws {
    let terminal = try PseudoTerminal()
    try withAnsweringServer { program, arguments in
      let child = try terminal.spawn(
        program, arguments, input: .closed, output: .closed, error: .closed)
      #expect(try terminal.wait(for: child) == .exited(0))
    }
  }

  @Test func `an output that takes nothing more is a sentence, and 74`() throws {
    let full = unsafe open("/dev/full", O_WRONLY | O_CLOEXEC)
    try #require(full >= 0)
    defer { close(full) }
    let terminal = try PseudoTerminal()
    try withAnsweringServer { program, arguments in
      let child = try terminal.spawn(program, arguments, output: .descriptor(full))
      try terminal.waitFor("http-get: standard output: ")
      #expect(try terminal.wait(for: child) == .exited(74))
    }
  }

  private func withAnsweringServer(_ body: (String, [String]) throws -> Void) throws {
    let handler: Server.Handler = { reader, writer in
      _ = try await reader.read(until: Array("\r\n\r\n".utf8))
      try await writer.write(Self.answer)
    }
    try withLoopbackServer(handler: handler) { port in
      try body(BuiltProducts.executable("http-get"), ["--streams", "127.0.0.1", "\(port)"])
    }
  }
}
