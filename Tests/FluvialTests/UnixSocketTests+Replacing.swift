import Dispatch
import FluvialTransports
import StreamTestSupport
import Testing

@testable import Fluvial

/// Several servers that replace one stale socket file.
extension UnixSocketTests {
  /// Each way of listening at a path.
  enum Way: CaseIterable {
    case streams, loop, group

    /// Listens; how to stop.
    func listen(at path: String, _ options: ListenOptions) async throws
      -> @Sendable () async -> Void
    {
      guard let loop = EventLoop.current else { throw TestFailure("Not on a loop.") }
      let address = try SocketAddress(unixPath: path)
      switch self {
      case .streams:
        var all = ServerOptions()
        all.listen = options
        let server = try await startServer(unixPath: path, options: all) { _, writer in
          try await writer.write("first")
        }
        return { await server.shutdown(grace: .seconds(1)) }
      case .loop:
        let listener = try await loop.createServer(on: address, options: options) { Greeter() }
        return { listener.value.close() }
      case .group:
        let group = try EventLoopGroup(loops: 1)
        let listener = try await group.createServer(on: address, options: options) { Greeter() }
        return {
          listener.close()
          await group.shutdown()
        }
      }
    }
  }

  /// Says who it is, and closes.
  private final class Greeter: StreamProtocol, Sendable {
    func connectionMade(_ transport: any Transport) throws {
      try transport.write("first")
      transport.close()
    }

    func dataReceived(_ bytes: Span<UInt8>) {}
  }

  func leaveStaleFile(at path: String) async throws {
    var leaving = ServerOptions()
    leaving.listen.removesSocketFile = false
    let stale = try await echo(at: path, options: leaving)
    stale.close()
    await stale.waitClosed()
  }

  /// Why a server that another thread starts at the path does not get it; nil when it does.
  ///
  /// Its clock runs away: it tries for as long as it ever does, and returns at once.
  private static func refusalOfRival(at path: String) -> UVError? {
    let (outcome, done) = (Record<UVError?>(), DispatchSemaphore(value: 0))
    DispatchQueue(label: "rival").async {
      try? onLoop {
        let isOver = Flag()
        let trying = start {
          defer { isOver.raise() }
          return try await startServer(unixPath: path) { _, _ in }
        }
        while !isOver.isRaised {
          EventLoop.current?.moveClock(by: .seconds(1))
          await Task.yield()
        }
        do {
          await (try trying.value).shutdown(grace: .zero)
          outcome.add(nil)
        } catch { outcome.add((error as? StreamError)?.cause) }
      }
      done.signal()
    }
    done.wait()
    return outcome.all.first ?? nil
  }

  // Without the lock the rival would replace the file, and the first one the rival's.
  @Test(arguments: Way.allCases)
  func `who comes between another's look at a stale file and its removal does not get the path`(
    way: Way
  ) throws {
    try onLoop {
      try await withFolder { path in
        try await leaveStaleFile(at: path)
        let refusals = Record<UVError?>()
        var options = ListenOptions()
        options.whenStale = { refusals.add(Self.refusalOfRival(at: path)) }
        let stop = try await way.listen(at: path, options)
        #expect(refusals.all == [.tryAgain])
        let late = try await StreamError.code { try await echo(at: path) }
        #expect(late == .addressInUse)
        let said = try await withConnection(unixPath: path) { reader, _ in
          try await reader.readToEnd()
        }
        #expect(said.text == "first")
        await stop()
        try await eventually("the file is gone") { status(path) == nil }
      }
    }
  }

  @Test func `of many servers that replace one stale file at once, one does`() throws {
    try onLoop {
      for _ in 0..<10 {
        try await withFolder { path in
          try await leaveStaleFile(at: path)
          // On loops of their own, on threads of their own, as processes would.
          let servers = await withTaskGroup(of: Server?.self) { group in
            for _ in 0..<6 {
              group.addTask {
                let loop = try? EventLoop.startOnThread(named: "server")
                return try? await startServer(unixPath: path, on: loop) { _, writer in
                  try await writer.write("here")
                }
              }
            }
            return await group.reduce(into: [Server]()) { if let server = $1 { $0.append(server) } }
          }
          #expect(servers.count == 1)
          let said = try await withConnection(unixPath: path) { reader, _ in
            try await reader.readToEnd()
          }
          #expect(said.text == "here")
          for server in servers { await server.shutdown(grace: .seconds(1)) }
          #expect(status(path) == nil)
        }
      }
    }
  }
}
