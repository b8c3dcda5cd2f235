import Fluvial
import Glibc
import StreamTestSupport
import Testing

/// Anonymous pipes, fifos, and other descriptors as streams.
@Suite struct PipeTests {
  private func isBlocking(_ descriptor: Int32) -> Bool {
    fcntl(descriptor, F_GETFL) & O_NONBLOCK == 0
  }

  // U10
  @Test func `a pipe carries data, and its end when the writer closes`() throws {
    try onLoop {
      let (reader, writer) = try await openPipe()
      let sent = pattern(500_000)
      async let received = reader.readToEnd()
      try await writer.write(sent)
      writer.close()
      #expect(try await received == sent)
      #expect(await writer.waitClosed() == .finished)
    }
  }

  @Test func `a pipe's end of stream is its close`() throws {
    try onLoop {
      let (reader, writer) = try await openPipe()
      try await writer.write("last")
      try writer.writeEOF()
      #expect(try await reader.readToEnd().text == "last")
      #expect(try await StreamError.code { try await writer.write("x") } == .closed)
      #expect(await writer.waitClosed() == .finished)
    }
  }

  // U11
  @Test func `a writer learns without writing that the reader is gone`() throws {
    try onLoop {
      let (reading, writing) = try rawPipe()
      let writer = try await openWriter(adopting: writing)
      close(reading)
      #expect(await writer.waitClosed() == .reset(.brokenPipe))
      let error = try await streamError { try await writer.write("x") }
      #expect(error.code == .broken)
      #expect(error.cause == .brokenPipe)
    }
  }

  // U12
  @Test func `a writer with a full pipe learns at once that the reader is gone`() throws {
    try onLoop {
      let (reading, writing) = try rawPipe()
      let writer = try await openWriter(adopting: writing)
      try await writer.write([UInt8](repeating: 1, count: 1 << 20))
      let waiting = start { try await writer.write("more") }
      let flushing = start { try await writer.flush() }
      await turns()
      #expect(writer.bufferedCount > 0)
      close(reading)
      let reason = try await withTimeout(.seconds(1)) { await writer.waitClosed() }
      #expect(reason == .reset(.brokenPipe))
      await #expect(throws: StreamError.self) { try await waiting.value }
      await #expect(throws: StreamError.self) { try await flushing.value }
    }
  }

  // U13
  @Test func `a regular file and a device are read, a folder is refused`() throws {
    try onLoop {
      let file = unsafe open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
      var status = stat()
      unsafe try #require(fstat(file, &status) == 0)
      let reader = try await openReader(adopting: file)
      var count = 0
      while let bytes = try await reader.read(upTo: 1 << 20) { count += bytes.count }
      #expect(count == status.st_size)
      let zeros = try await openReader(
        adopting: unsafe open("/dev/zero", O_RDONLY | O_CLOEXEC))
      #expect(try await zeros.read(exactly: 200_000).allSatisfy { $0 == 0 })
      let folder = unsafe open("/", O_RDONLY | O_CLOEXEC)
      #expect(
        try await StreamError.code { try await openReader(adopting: folder) } == .invalidArgument)
      #expect(try await StreamError.code { try await openWriter(adopting: -1) } == .invalidArgument)
    }
  }

  // U13, T19
  @Test func `what is no connected stream socket cannot be a connection`() throws {
    try onLoop {
      let wrong = [
        unsafe open("/dev/null", O_RDONLY | O_CLOEXEC),
        socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0),
        try rawPipe().reading, -1,
      ]
      for descriptor in wrong {
        let code = try await StreamError.code { try await openConnection(adopting: descriptor) }
        #expect(code == .invalidArgument)
      }
    }
  }

  // U14
  @Test func `a descriptor that others share is blocking again afterwards`() throws {
    try onLoop {
      let (reading, writing) = try rawPipe()
      let writer = try await openWriter(adopting: dup(writing))
      do {
        let reader = try await openReader(adopting: dup(reading))
        #expect(!isBlocking(reading))
        #expect(!isBlocking(writing))
        try await writer.write("x")
        #expect(try await reader.read(exactly: 1).text == "x")
      }
      writer.close()
      #expect(await writer.waitClosed() == .finished)
      try await eventually("the reader is gone") { isBlocking(reading) }
      #expect(isBlocking(writing))
      close(reading)
      close(writing)
    }
  }

  @Test func `a fifo is a pipe with a name`() throws {
    try onLoop {
      let path = "/tmp/fluvial-fifo-\(getpid())-\(UInt32.random(in: 0 ... .max))"
      unsafe try #require(mkfifo(path, 0o600) == 0)
      defer { unsafe unlink(path) }
      let reader = try await openReader(
        adopting: unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC))
      let writer = try await openWriter(adopting: unsafe open(path, O_WRONLY | O_CLOEXEC))
      try await writer.write("one\ntwo\n")
      #expect(try await reader.readLine() == "one")
      writer.close()
      #expect(try await reader.readLine() == "two")
      #expect(try await reader.readLine() == nil)
    }
  }

  @Test func `a file is written through the thread pool, in order`() throws {
    try onLoop {
      let path = "/tmp/fluvial-file-\(getpid())-\(UInt32.random(in: 0 ... .max))"
      defer { unsafe unlink(path) }
      let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC
      let writer = try await openWriter(adopting: unsafe open(path, flags, 0o600))
      let sent = pattern(300_000)
      for start in stride(from: 0, to: sent.count, by: 1000) {
        try await writer.write(sent[start..<start + 1000])
      }
      writer.close()
      #expect(await writer.waitClosed() == .finished)
      let reader = try await openReader(adopting: unsafe open(path, O_RDONLY | O_CLOEXEC))
      #expect(try await reader.readToEnd() == sent)
    }
  }

  @Test func `a full device breaks the writer`() throws {
    try onLoop {
      let writer = try await openWriter(adopting: unsafe open("/dev/full", O_WRONLY | O_CLOEXEC))
      let error = try await streamError {
        try await writer.write("x")
        try await writer.flush()
      }
      #expect(error.cause?.name == "ENOSPC")
    }
  }
}
