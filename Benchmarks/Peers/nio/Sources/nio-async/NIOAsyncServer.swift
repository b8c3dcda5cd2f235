// nio-async PORT|/PATH echo|line|sink|source default|prefer: SwiftNIO's NIOAsyncChannel.
// default: tasks run on Swift's global executor; prefer: they prefer the loop, as their task executor.
import NIOCore
import NIOExtras
import NIOPosix

typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

/// What the server does with a connection; a peer that goes away is no error.
func handle(_ connection: Connection, _ mode: String) async {
  do {
    try await connection.executeThenClose { inbound, outbound in
      switch mode {
      case "echo": for try await bytes in inbound { try await outbound.write(bytes) }
      case "line":
        let allocator = connection.channel.allocator
        for try await line in inbound {
          var out = allocator.buffer(capacity: line.readableBytes + 1)
          out.writeImmutableBuffer(line)
          out.writeInteger(UInt8(ascii: "\n"))
          try await outbound.write(out)
        }
      case "sink": for try await _ in inbound {}
      case "source":
        let piece = ByteBuffer(repeating: 0, count: 65536)
        while true { try await outbound.write(piece) }
      default: fatalError("no such mode: \(mode)")
      }
    }
  } catch {}
}

func serve(
  _ place: String, _ mode: String, on group: MultiThreadedEventLoopGroup,
  preferring executor: LoopTaskExecutor?
) async throws {
  let bootstrap = ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 4096)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelOption(.maxMessagesPerRead, value: 16)
    .childChannelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
  let prepare: @Sendable (any Channel) -> EventLoopFuture<Connection> = { channel in
    channel.eventLoop.makeCompletedFuture {
      if mode == "line" {
        try channel.pipeline.syncOperations.addHandler(
          ByteToMessageHandler(LineBasedFrameDecoder()))
      }
      return try Connection(wrappingChannelSynchronously: channel, configuration: .init())
    }
  }
  let server: NIOAsyncChannel<Connection, Never>
  if let port = Int(place) {
    server = try await bootstrap.bind(
      host: "127.0.0.1", port: port, childChannelInitializer: prepare)
  } else {
    server = try await bootstrap.bind(
      unixDomainSocketPath: place, cleanupExistingSocketFile: true,
      childChannelInitializer: prepare)
  }
  try await withThrowingDiscardingTaskGroup { tasks in
    try await server.executeThenClose { inbound in
      for try await connection in inbound {
        tasks.addTask(executorPreference: executor) { await handle(connection, mode) }
      }
    }
  }
}

@main
struct NIOAsyncServer {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4 else {
      fatalError("usage: nio-async PORT|/PATH MODE default|prefer")
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let executor = arguments[3] == "prefer" ? LoopTaskExecutor(group.any()) : nil
    try await Task(executorPreference: executor) {
      try await serve(arguments[1], arguments[2], on: group, preferring: executor)
    }.value
  }
}
