// nio-handler PORT|/PATH echo|line|sink|source|broadcast: SwiftNIO channel handlers on one loop's thread.
import NIOCore
import NIOExtras
import NIOPosix

@main
struct NIOHandlerServer {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else { fatalError("usage: nio-handler PORT|/PATH MODE") }
    let place = arguments[1]
    let mode = arguments[2]
    let crowd = Crowd()
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          switch mode {
          case "echo":
            try pipeline.addHandler(BackPressureHandler())
            try pipeline.addHandler(Echo())
          case "line":
            try pipeline.addHandler(BackPressureHandler())
            try pipeline.addHandler(ByteToMessageHandler(LineBasedFrameDecoder()))
            try pipeline.addHandler(LineEcho())
          case "sink": try pipeline.addHandler(Sink())
          case "source": try pipeline.addHandler(Source())
          case "broadcast": try pipeline.addHandler(Broadcast(crowd))
          default: fatalError("no such mode: \(mode)")
          }
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 16)
      .childChannelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
    let channel: any Channel
    if let port = Int(place) {
      channel = try bootstrap.bind(host: "127.0.0.1", port: port).wait()
    } else {
      channel = try bootstrap.bind(unixDomainSocketPath: place, cleanupExistingSocketFile: true)
        .wait()
    }
    try channel.closeFuture.wait()
  }
}
