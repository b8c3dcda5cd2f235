import Fluvial
import FluvialTransports
import Glibc
import StreamTestSupport
import Testing

/// Unix sockets: their files, their names, and who is at the other end.
@Suite struct UnixSocketTests {
  /// A new folder for the time of `body`.
  func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = "/tmp/fluvial-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try #require(unsafe mkdir(folder, 0o700) == 0)
    defer {
      unsafe unlink("\(folder)/socket")
      unsafe rmdir(folder)
    }
    try await body("\(folder)/socket")
  }

  func status(_ path: String) -> stat? {
    var found = stat()
    return unsafe lstat(path, &found) == 0 ? found : nil
  }

  func echo(at path: String, options: ServerOptions = ServerOptions()) async throws
    -> Server
  {
    try await startServer(unixPath: path, options: options) { reader, writer in
      while let bytes = try await reader.read(upTo: 65_536) { try await writer.write(bytes) }
    }
  }

  /// Puts a file at the path.
  private func place(_ text: String, at path: String) throws {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    try #require(file >= 0)
    _ = unsafe write(file, text, text.utf8.count)
    close(file)
  }

  // U01
  @Test func `a hundred clients are echoed over a path`() throws {
    try onLoop {
      try await withFolder { path in
        let server = try await echo(at: path)
        try await withThrowingTaskGroup(of: Bool.self) { group in
          for number in 0..<100 {
            group.addTask {
              try await withConnection(unixPath: path) { reader, writer in
                let sent = pattern(2000, from: number * 2000)
                try await writer.write(sent)
                return try await reader.read(exactly: 2000) == sent
              }
            }
          }
          for try await isEqual in group { #expect(isEqual) }
        }
        await server.shutdown(grace: .seconds(1))
      }
    }
  }

  // U04
  @Test func `a regular file is refused and stays as it is`() throws {
    try onLoop {
      try await withFolder { path in
        try place("precious", at: path)
        let error = try await streamError { try await echo(at: path) }
        #expect(error.code == .addressInUse)
        #expect(error.message.contains(path))
        #expect(status(path)?.st_size == 8)
      }
    }
  }

  @Test func `a listener's path is refused, and it goes on listening`() throws {
    try onLoop {
      try await withFolder { path in
        let first = try await echo(at: path)
        let code = try await StreamError.code { try await echo(at: path) }
        #expect(code == .addressInUse)
        let said = try await withConnection(unixPath: path) { reader, writer in
          try await writer.write("still here\n")
          return try await reader.readLine()
        }
        #expect(said == "still here")
        await first.shutdown(grace: .seconds(1))
      }
    }
  }

  @Test func `a stale socket file is replaced, unless told otherwise`() throws {
    try onLoop {
      try await withFolder { path in
        try await leaveStaleFile(at: path)
        var strict = ServerOptions()
        strict.listen.replacesStaleSocket = false
        let code = try await StreamError.code { [strict] in
          try await echo(at: path, options: strict)
        }
        #expect(code == .addressInUse)
        let server = try await echo(at: path)
        let said = try await withConnection(unixPath: path) { reader, writer in
          try await writer.write("new\n")
          return try await reader.readLine()
        }
        #expect(said == "new")
        await server.shutdown(grace: .seconds(1))
      }
    }
  }

  @Test func `a server that does not serve yet keeps its path`() throws {
    try onLoop {
      try await withFolder { path in
        let bound = try await startServer(unixPath: path, startServing: false) { _, writer in
          try await writer.write("at last")
        }
        let code = try await StreamError.code { try await echo(at: path) }
        #expect(code == .addressInUse)
        let (reader, writer) = try await openConnection(unixPath: path)
        try await bound.startServing()
        #expect(try await reader.readToEnd().text == "at last")
        writer.close()
        await bound.shutdown(grace: .seconds(1))
      }
    }
  }

  // U05
  @Test func `closing removes the file if it is still ours`() throws {
    try onLoop {
      try await withFolder { path in
        let plain = try await echo(at: path)
        plain.close()
        await plain.waitClosed()
        #expect(status(path) == nil)

        let gone = try await echo(at: path)
        unsafe unlink(path)
        gone.close()
        await gone.waitClosed()

        let replaced = try await echo(at: path)
        unsafe unlink(path)
        try place("another's", at: path)
        replaced.close()
        await replaced.waitClosed()
        #expect(status(path)?.st_size == 9)
        unsafe unlink(path)

        var leaving = ServerOptions()
        leaving.listen.removesSocketFile = false
        let left = try await echo(at: path, options: leaving)
        left.close()
        await left.waitClosed()
        #expect(status(path).map { $0.st_mode & S_IFMT } == S_IFSOCK)
      }
    }
  }

  // U06
  @Test func `a path that is too long is an error and makes no file`() throws {
    try onLoop {
      try await withFolder { path in
        let long = path + String(repeating: "x", count: 108 - path.utf8.count)
        let serving = try await streamError { try await echo(at: long) }
        #expect(serving.code == .invalidArgument)
        #expect(serving.message.contains("108 bytes"))
        let cut = String(long.dropLast())
        #expect(status(cut) == nil)
        let connecting = try await StreamError.code { try await openConnection(unixPath: long) }
        #expect(connecting == .invalidArgument)
        let longest = try await echo(at: cut)
        #expect(status(cut) != nil)
        longest.close()
        await longest.waitClosed()
      }
    }
  }

  // U07
  @Test func `a path at which nothing stands is not found`() throws {
    try onLoop {
      try await withFolder { path in
        let error = try await streamError { try await openConnection(unixPath: path) }
        #expect(error.code == .connectFailed)
        #expect(error.cause == .noSuchFile)
        #expect(error.message.contains(path))
      }
    }
  }

  // U08
  @Test func `an abstract name works and makes no file`() throws {
    try onLoop {
      let name = "\0fluvial-\(getpid())-\(UInt32.random(in: 0 ... .max))"
      let server = try await echo(at: name)
      #expect(server.localAddresses.map(\.host) == [name])
      let taken = try await StreamError.code { try await echo(at: name) }
      #expect(taken == .addressInUse)
      let said = try await withConnection(unixPath: name) { reader, writer in
        try await writer.write("hello\n")
        return try await reader.readLine()
      }
      #expect(said == "hello")
      await server.shutdown(grace: .seconds(1))
    }
  }

  // U09
  @Test func `a peer that closes while we write breaks the writer, once`() throws {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (reader, writer) = try await openConnection(adopting: ours)
      try await writer.write([UInt8](repeating: 1, count: 4 << 20))
      let waiting = start { try await writer.write("more") }
      await turns()
      peer.close()
      let error = try await streamError { try await waiting.value }
      #expect(error.code == .broken)
      let reason = await writer.waitClosed()
      #expect([.reset(.brokenPipe), .reset(.connectionReset)].contains(reason))
      let again = try await StreamError.code { try await writer.write("x") }
      #expect(again == .broken)
      _ = reader
    }
  }

  @Test func `the file is its owner's alone, or has the mode that was asked for`() throws {
    try onLoop {
      try await withFolder { path in
        let server = try await echo(at: path)
        #expect(status(path).map { $0.st_mode & 0o777 } == 0o600)
        server.close()
        await server.waitClosed()
        var options = ServerOptions()
        // More than the usual mask leaves.
        options.listen.unixMode = 0o666
        let open = try await echo(at: path, options: options)
        #expect(status(path).map { $0.st_mode & 0o777 } == 0o666)
        open.close()
        await open.waitClosed()
      }
    }
  }

  @Test func `both ends know who is at the other`() throws {
    try onLoop {
      try await withFolder { path in
        let server = try await startServer(unixPath: path) { _, writer in
          let peer = try await writer.peerCredentials()
          try await writer.write("\(peer.process) \(peer.user) \(peer.group)")
        }
        let (reader, writer) = try await openConnection(unixPath: path)
        let peer = try await writer.peerCredentials()
        #expect(peer.process == getpid())
        #expect(try await reader.readToEnd().text == "\(getpid()) \(getuid()) \(getgid())")
        writer.close()
        _ = await writer.waitClosed()
        let closed = try await StreamError.code { try await writer.peerCredentials() }
        #expect(closed == .closed)
        await server.shutdown(grace: .seconds(1))
        let listener = try RawListener()
        let (_, tcp) = try await openConnection(host: "127.0.0.1", port: listener.port)
        let wrong = try await StreamError.code { try await tcp.peerCredentials() }
        #expect(wrong == .invalidArgument)
        tcp.abort()
      }
    }
  }
}
