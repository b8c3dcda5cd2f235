import Fluvial
import Glibc
import StreamTestSupport
import TestSupport
import Testing

/// Where servers listen, whom they accept, and what becomes of their handlers.
@Suite struct ServerTests {
  private struct Failure: Error {}

  // S01
  @Test func `port 0 is a port that can be connected to`() throws {
    try onLoop {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in
        try await writer.write("hello")
      }
      let address = try #require(server.localAddresses.first)
      #expect(address.port > 0)
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: address.port)
      #expect(writer.remoteAddress == address)
      #expect(try await reader.readToEnd().text == "hello")
      writer.close()
      await server.shutdown(grace: .seconds(1))
    }
  }

  // S02
  @Test func `each of several hosts is bound once`() throws {
    try onLoop {
      let hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2"]
      let server = try await startServer(hosts: hosts, port: 0) { _, _ in }
      #expect(server.localAddresses.map(\.host) == ["127.0.0.1", "127.0.0.2"])
      #expect(Set(server.localAddresses.map(\.port)).count == 1)
      server.close()
    }
  }

  // S04, S05
  @Test func `all interfaces means both families on one port, each by itself`() throws {
    try onLoop {
      let server = try await startServer(port: 0) { _, writer in
        try await writer.write(writer.localAddress?.host ?? "")
      }
      #expect(Set(server.localAddresses.map(\.family)) == [.v4, .v6])
      #expect(Set(server.localAddresses.map(\.port)).count == 1)
      let port = server.localAddresses[0].port
      for host in ["127.0.0.1", "::1"] {
        let (reader, writer) = try await openConnection(host: host, port: port)
        // A v6 socket that took v4 too would say ::ffff:127.0.0.1.
        #expect(try await reader.readToEnd().text == host)
        writer.close()
      }
      await server.shutdown(grace: .seconds(1))
    }
  }

  @Test func `a machine without IPv6 listens on the other family`() async {
    await #expect(processExitsWith: .success) {
      try Refusals.sockets(ofFamily: AF_INET6, error: EAFNOSUPPORT)
      try EventLoop.run {
        let server = try await startServer(port: 0) { _, writer in try await writer.write("four") }
        guard server.localAddresses.map(\.family) == [.v4] else {
          throw TestFailure("Not v4 alone.")
        }
        let (reader, writer) = try await openConnection(
          host: "127.0.0.1", port: server.localAddresses[0].port)
        guard try await reader.readToEnd().text == "four" else { throw TestFailure("It is deaf.") }
        writer.close()
        await server.shutdown(grace: .seconds(1))
        let error = try await streamError {
          try await startServer(host: "::1", port: 0) { _, _ in }
        }
        guard error.code == .listenFailed, error.message.contains("::1") else {
          throw TestFailure("\(error.code): \(error)")
        }
      }
    }
  }

  @Test func `no-delay that is refused is told to the log, and the connection lives`() async throws
  {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      try Refusals.socketOption(level: Int32(IPPROTO_TCP), name: TCP_NODELAY, error: ENOPROTOOPT)
      try EventLoop.run {
        let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in
          try await writer.write("lives")
        }
        let (reader, writer) = try await openConnection(
          host: "127.0.0.1", port: server.localAddresses[0].port)
        guard try await reader.readToEnd().text == "lives" else { throw TestFailure("It is dead.") }
        writer.close()
        await server.shutdown(grace: .seconds(1))
      }
    }
    let log = try #require(result).standardErrorContent.text
    #expect(log.contains("no-delay was refused"))
    #expect(log.contains("ENOPROTOOPT"))
  }

  @Test func `what keeps a server from listening is told with its address`() throws {
    try onLoop {
      let notOurs = try await streamError {
        try await startServer(host: "192.0.2.1", port: 0) { _, _ in }
      }
      #expect(notOurs.code == .listenFailed)
      #expect(notOurs.cause == .addressNotAvailable)
      #expect(notOurs.message.contains("192.0.2.1"))
      let noFolder = "/tmp/fluvial-no-such-folder/socket"
      let missing = try await streamError {
        try await startServer(unixPath: noFolder) { _, _ in }
      }
      #expect(missing.code == .listenFailed)
      #expect(missing.cause == .noSuchFile)
      #expect(missing.message.contains(noFolder))
      let unknown = try await streamError {
        try await startServer(host: "no-such-host.invalid", port: 0) { _, _ in }
      }
      #expect(unknown.code == .listenFailed)
      #expect(unknown.message.contains("no-such-host.invalid"))
      let connecting = try await streamError {
        try await openConnection(host: "no-such-host.invalid", port: 80)
      }
      #expect(connecting.code == .connectFailed)
      #expect(connecting.message.contains("no-such-host.invalid"))
    }
  }

  // S06
  @Test func `two servers share a port only when both say so`() throws {
    try onLoop {
      var options = ServerOptions()
      options.listen.reusePort = true
      let first = try await startServer(host: "127.0.0.1", port: 0, options: options) { _, _ in }
      let port = first.localAddresses[0].port
      let second = try await startServer(host: "127.0.0.1", port: port, options: options) { _, _ in
      }
      let error = try await streamError {
        try await startServer(host: "127.0.0.1", port: port) { _, _ in }
      }
      #expect(error.code == .addressInUse)
      #expect(error.message.contains("127.0.0.1:\(port)"))
      first.close()
      second.close()
    }
  }

  @Test func `an address in use leaves nothing of the others bound`() throws {
    try onLoop {
      let first = try await startServer(host: "127.0.0.2", port: 0) { _, _ in }
      let port = first.localAddresses[0].port
      let code = try await StreamError.code {
        try await startServer(hosts: ["127.0.0.1", "127.0.0.2"], port: port) { _, _ in }
      }
      #expect(code == .addressInUse)
      first.close()
      await turns()
      let again = try await startServer(hosts: ["127.0.0.1", "127.0.0.2"], port: port) { _, _ in }
      again.close()
    }
  }

  // S07
  @Test func `a server that does not serve yet refuses, and may be started twice`() throws {
    try onLoop {
      let server = try await startServer(host: "127.0.0.1", port: 0, startServing: false) {
        try await $1.write("hello")
      }
      let port = server.localAddresses[0].port
      #expect(!server.isServing)
      let error = try await streamError {
        try await openConnection(host: "127.0.0.1", port: port)
      }
      #expect(error.cause == .connectionRefused)
      try await server.startServing()
      try await server.startServing()
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
      #expect(try await reader.readToEnd().text == "hello")
      writer.close()
      await server.shutdown(grace: .seconds(1))
    }
  }

  @Test func `a server of which one address cannot be listened at is closed, with the others`()
    throws
  {
    try onLoop {
      let server = try await startServer(
        hosts: ["127.0.0.1", "127.0.0.2"], port: 0, startServing: false
      ) { _, writer in try await writer.write("half") }
      let port = server.localAddresses[0].port
      // Bound by both, and the second of them to listen is refused.
      let rival = try await startServer(host: "127.0.0.2", port: port) { _, writer in
        try await writer.write("rival")
      }
      let error = try await streamError { try await server.startServing() }
      #expect(error.code == .addressInUse)
      #expect(error.message.contains("127.0.0.2:\(port)"))
      #expect(!server.isServing)
      let again = try await StreamError.code { try await server.startServing() }
      // Nobody could wait for the end of one that is not closed.
      try #require(again == .closed)
      await server.waitClosed()
      // The one at which it had begun to listen is free again.
      let next = try await startServer(host: "127.0.0.1", port: port) { _, writer in
        try await writer.write("next")
      }
      for (host, word) in [("127.0.0.1", "next"), ("127.0.0.2", "rival")] {
        let said = try await withConnection(host: host, port: port) { reader, _ in
          try await reader.readToEnd()
        }
        #expect(said.text == word)
      }
      for server in [next, rival] { await server.shutdown(grace: .seconds(1)) }
    }
  }

  // S15
  @Test func `a handler that is cancelled disconnects its client and is not reported`() throws {
    try onLoop {
      let reported = Record<any Error>()
      var options = ServerOptions()
      options.onHandlerError = { reported.add($0) }
      let server = try await startServer(host: "127.0.0.1", port: 0, options: options) {
        try await $1.write("x")
        _ = try await $0.readToEnd()
      }
      let port = server.localAddresses[0].port
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
      _ = try await reader.read(exactly: 1)
      #expect(await server.shutdown(grace: .milliseconds(500)))
      #expect(try await reader.read(upTo: 1) == nil)
      #expect(reported.all.isEmpty)
      writer.close()
    }
  }

  // S16
  @Test func `what a handler wrote before it returned is delivered, then the end`() throws {
    try onLoop {
      let sent = pattern(3_000_000)
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in
        try await writer.write(sent)
      }
      let port = server.localAddresses[0].port
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
      // Input that the handler never reads must not cost what it wrote.
      try await writer.write(pattern(100_000))
      #expect(try await reader.readToEnd() == sent)
      writer.close()
      await server.shutdown(grace: .seconds(1))
    }
  }

  @Test func `a handler that throws is reported once, aborts its connection, and no other`() throws
  {
    try onLoop {
      let reported = Record<any Error>()
      var options = ServerOptions()
      options.onHandlerError = { reported.add($0) }
      let server = try await startServer(host: "127.0.0.1", port: 0, options: options) {
        while let line = try await $0.readLine() {
          if line == "fail" { throw Failure() }
          try await $1.write(line + "\n")
        }
      }
      let port = server.localAddresses[0].port
      let (goodReader, goodWriter) = try await openConnection(host: "127.0.0.1", port: port)
      let (badReader, badWriter) = try await openConnection(host: "127.0.0.1", port: port)
      try await badWriter.write("fail\n")
      let error = try await streamError { try await badReader.readLine() }
      #expect(error.cause == .connectionReset)
      #expect(reported.all.count == 1)
      #expect(reported.all.first is Failure)
      try await goodWriter.write("on\n")
      #expect(try await goodReader.readLine() == "on")
      #expect(server.isServing)
      goodWriter.close()
      badWriter.close()
      await server.shutdown(grace: .seconds(1))
    }
  }

  // S17
  @Test func `a process without descriptors waits, and serves on when it has some`() throws {
    let probe = try BuiltProducts.executable("plumbing-probe")
    let outcome = try PipedProgram.run(probe, ["serve-short"])
    #expect(outcome.output == "waited, then served 3\n", "\(outcome.error)")
    #expect(outcome.ending == .exited(0))
    // It says so each time that it waits.
    #expect(outcome.error.contains("accepting paused"))
  }

  // S18
  @Test func `a client that is gone before it is accepted does no harm`() throws {
    try onLoop {
      let reported = Record<any Error>()
      var options = ServerOptions()
      options.onHandlerError = { reported.add($0) }
      let server = try await startServer(host: "127.0.0.1", port: 0, options: options) {
        if let bytes = try await $0.read(upTo: 10) { try await $1.write(bytes) }
      }
      let port = server.localAddresses[0].port
      // Nothing turns in between: they are reset in the backlog.
      for _ in 0..<5 { try RawSocket.connect(port: port).reset() }
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: port)
      try await writer.write("alive")
      #expect(try await reader.readToEnd().text == "alive")
      writer.close()
      await server.shutdown(grace: .seconds(1))
    }
  }

  // S20
  @Test func `one more than the most connections waits until another leaves`() throws {
    try onLoop {
      let most = Record<Int>()
      let current = Flag()
      var options = ServerOptions()
      options.maxConnections = 2
      let server = try await startServer(host: "127.0.0.1", port: 0, options: options) {
        current.raise()
        try await $1.write("served")
        _ = try await $0.readToEnd()
      }
      let port = server.localAddresses[0].port
      var clients: [(reader: StreamReader, writer: StreamWriter)] = []
      for _ in 0..<5 { clients.append(try await openConnection(host: "127.0.0.1", port: port)) }
      for turn in 0..<5 {
        try await eventually("the next client is served") { current.count == min(turn + 2, 5) }
        await turns(50)
        most.add(server.connectionCount)
        #expect(current.count == min(turn + 2, 5))
        #expect(try await clients[turn].reader.read(exactly: 6).text == "served")
        clients[turn].writer.close()
      }
      #expect(most.all.allSatisfy { $0 <= 2 })
      await server.shutdown(grace: .seconds(1))
    }
  }

  @Test func `options that make no sense are refused`() throws {
    try onLoop {
      let bad: [(inout ServerOptions) -> Void] = [
        { $0.limit = 0 }, { $0.maxConnections = 0 }, { $0.maxConnections = -1 },
        { $0.listen.backlog = -1 }, { $0.listen.unixMode = -1 },
        { $0.listen.unixMode = 0o1000 },
      ]
      for (number, change) in bad.enumerated() {
        var options = ServerOptions()
        change(&options)
        let code = try await StreamError.code { [options] in
          try await startServer(host: "127.0.0.1", port: 0, options: options) { _, _ in }
        }
        #expect(code == .invalidArgument, "number \(number)")
      }
      for port in [-1, 65_536] {
        let code = try await StreamError.code {
          try await startServer(port: port) { _, _ in }
        }
        #expect(code == .invalidArgument)
      }
    }
  }
}
