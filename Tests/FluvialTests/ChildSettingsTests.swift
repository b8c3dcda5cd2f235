import Fluvial
import Glibc
import StreamTestSupport
import Testing

/// Where a child starts, with what, and where its streams lead.
@Suite struct ChildSettingsTests {
  private func output(
    of script: String, environment: [String: String]? = nil, directory: String? = nil,
    input: ChildStream = .null, error: ChildStream = .inherited
  ) async throws -> String {
    let child = try await startProcess(
      "/bin/sh", ["-c", script], environment: environment, directory: directory, input: input,
      output: .pipe, error: error)
    return try await child.communicate().output.text
  }

  @Test func `arguments, environment and directory are the child's`() throws {
    try onLoop {
      let child = try await startProcess("printf", ["%s|", "a b", "", "ü", "*"], output: .pipe)
      #expect(try await child.communicate().output.text == "a b||ü|*|")
      let said = try await output(
        of: "echo $GREETING; echo ${HOME-none}; pwd", environment: ["GREETING": "hello=you"],
        directory: "/usr")
      #expect(said == "hello=you\nnone\n/usr\n")
    }
  }

  @Test func `streams may lead nowhere, to a descriptor, or to each other`() throws {
    try onLoop {
      #expect(try await output(of: "cat; echo end") == "end\n")
      #expect(
        try await output(of: "echo out; echo err >&2", error: .standardOutput) == "out\nerr\n")
      let (reader, writer) = try await openPipe()
      let (ours, peer) = try RawSocket.pair()
      peer.endSending()
      #expect(
        try await output(of: "cat; echo from a socket", input: .descriptor(ours))
          == "from a socket\n")
      // It stays the caller's.
      #expect(fcntl(ours, F_GETFD) >= 0)
      close(ours)
      writer.close()
      #expect(try await reader.readToEnd().isEmpty)
    }
  }

  @Test func `the child's ends of its pipes block, and it has no other descriptor of ours`() throws
  {
    try onLoop {
      let (ours, peer) = try RawSocket.pair()
      let (_, writer) = try await openConnection(adopting: ours)
      // The flags of the open files, as octal digits: 04000 is O_NONBLOCK.
      let script = """
        for fd in 0 1 2; do
          while read name value; do
            if [ "$name" = flags: ]; then echo "$fd $((value & 04000))"; fi
          done < /proc/self/fdinfo/$fd
        done
        for fd in /proc/$$/fd/*; do readlink $fd; done
        """
      let child = try await startProcess(
        "/bin/sh", ["-c", script], input: .pipe, output: .pipe, error: .pipe)
      let (output, error, _) = try await child.communicate()
      #expect(error.text == "")
      let lines = output.text.split(separator: "\n").map(String.init)
      #expect(Array(lines.prefix(3)) == ["0 0", "1 0", "2 0"])
      let links = lines.dropFirst(3)
      // Both ends of a pipe have one name: ours would be seen as a second one.
      for link in links.prefix(3) { #expect(links.filter { $0 == link }.count == 1) }
      var status = stat()
      unsafe try #require(fstat(ours, &status) == 0)
      #expect(!links.contains("socket:[\(status.st_ino)]"))
      writer.close()
      peer.close()
    }
  }

  @Test func `a program or directory that is not there is named`() throws {
    try onLoop {
      let missing = try await streamError { try await startProcess("/no/such/program") }
      #expect(missing.code == .startFailed)
      #expect(missing.cause == .noSuchFile)
      #expect(missing.message.contains("/no/such/program"))
      let nowhere = try await streamError {
        try await startProcess("true", directory: "/no/such/place")
      }
      #expect(nowhere.code == .startFailed)
      #expect(nowhere.message.contains("/no/such/place"))
      let folder = try await streamError { try await startProcess("/usr") }
      #expect(folder.cause == .accessDenied)
    }
  }

  @Test func `what no system call should see is refused`() throws {
    try onLoop {
      let bad: [@Sendable () async throws -> ChildProcess] = [
        { try await startProcess("") },
        { try await startProcess("tr\0ue") },
        { try await startProcess("true", ["a\0b"]) },
        { try await startProcess("true", environment: ["A\0": "b"]) },
        { try await startProcess("true", environment: ["A=B": "c"]) },
        { try await startProcess("true", environment: ["": "c"]) },
        { try await startProcess("true", environment: ["A": "\0"]) },
        { try await startProcess("true", directory: "") },
        { try await startProcess("true", directory: "/\0") },
        { try await startProcess("true", input: .standardOutput) },
        { try await startProcess("true", output: .descriptor(-1)) },
        { try await startProcess("true", limit: 0) },
      ]
      for (number, start) in bad.enumerated() {
        let code = try await StreamError.code { try await start() }
        #expect(code == .invalidArgument, "number \(number)")
      }
      let child = try await startProcess("true")
      let code = try await StreamError.code { try await child.communicate(input: [1]) }
      #expect(code == .invalidArgument)
      try await child.wait()
    }
  }
}
