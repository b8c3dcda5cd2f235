internal import CTestSupport
package import Fluvial
internal import FluvialTransports
internal import Glibc

/// Both sides of a new pseudo-terminal in raw mode, as streams: the controller's, then the program's.
package func terminalStreams() async throws -> (
  controller: (reader: StreamReader, writer: StreamWriter),
  program: (reader: StreamReader, writer: StreamWriter)
) {
  let terminal = try RawTerminal()
  return (
    try await streams(over: terminal.controller), try await streams(over: terminal.program)
  )
}

/// The descriptors of both sides of a new pseudo-terminal in raw mode; whoever takes them closes them.
package struct RawTerminal {
  package let controller: Int32
  package let program: Int32

  package init() throws {
    var controller: Int32 = -1
    var name = [CChar](repeating: 0, count: 128)
    let status = unsafe fts_open_terminal(&controller, &name, name.count)
    if status < 0 { throw UVError(code: status, context: "a test's terminal") }
    let program = unsafe try RawSocket.check(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC))
    var attributes = termios()
    unsafe try RawSocket.check(tcgetattr(program, &attributes))
    unsafe cfmakeraw(&attributes)
    unsafe try RawSocket.check(tcsetattr(program, TCSANOW, &attributes))
    self.controller = controller
    self.program = program
  }
}

/// Streams for both directions of a descriptor that is no socket.
private func streams(
  over descriptor: Int32
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  guard let loop = EventLoop.current else { throw TestFailure("Not on a loop.") }
  let core = try StreamReaderProtocol(loop: loop)
  _ = try await loop.connectReadPipe(descriptor) { core }
  return core.makeStreams()
}
