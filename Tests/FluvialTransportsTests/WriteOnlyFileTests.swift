import FluvialTransports
import Glibc
import Testing

@Suite struct WriteOnlyFileTests {
  private final class Ending: StreamProtocol {
    var error: (any Error)?
    var onEnd: (() -> Void)?
    func connectionLost(_ error: (any Error)?) {
      self.error = error
      onEnd?()
    }
  }

  @Test func `a file that can only be written to is no broken connection`() throws {
    var template = Array("/tmp/write-only-XXXXXX".utf8CString)
    let made = unsafe mkstemp(&template)
    try #require(made >= 0)
    close(made)
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer { unsafe unlink(path) }
    let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    let error = try EventLoop.run { () async throws -> (any Error)? in
      let loop = try #require(EventLoop.current)
      let file = try await loop.connectWritePipe(descriptor) { Ending() }
      let ending = file.value.protocol
      for _ in 0..<3 {
        try file.value.transport.write("some bytes\n")
        // Long enough for a read on the thread pool to have failed.
        _ = try await loop.resolve(host: "localhost", port: 0)
      }
      await withCheckedContinuation { continuation in
        ending.onEnd = { continuation.resume() }
        file.value.transport.close()
      }
      return ending.error
    }
    #expect(error == nil)
    var status = stat()
    #expect(unsafe stat(path, &status) == 0 && status.st_size == 33)
  }
}
