import NIOCore

/// Sends back what comes; one flush for what one read brought.
final class Echo: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.write(data, promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Sends back each line, its end put on again.
final class LineEcho: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let line = unwrapInboundIn(data)
    var out = context.channel.allocator.buffer(capacity: line.readableBytes + 1)
    out.writeImmutableBuffer(line)
    out.writeInteger(UInt8(ascii: "\n"))
    context.write(wrapOutboundOut(out), promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Reads and forgets.
final class Sink: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Writes 64 KiB pieces for as long as there is room.
final class Source: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let piece = ByteBuffer(repeating: 0, count: 65536)

  private func pour(_ context: ChannelHandlerContext) {
    while context.channel.isWritable && context.channel.isActive {
      context.writeAndFlush(wrapOutboundOut(piece), promise: nil)
    }
  }

  func channelActive(context: ChannelHandlerContext) { pour(context) }

  func channelWritabilityChanged(context: ChannelHandlerContext) { pour(context) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Everybody who is connected.
///
/// Unchecked because the group has one loop, and only its thread comes here.
final class Crowd: @unchecked Sendable {
  var members: [ObjectIdentifier: any Channel] = [:]
}

/// Sends what comes to everybody.
final class Broadcast: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let crowd: Crowd

  init(_ crowd: Crowd) { self.crowd = crowd }

  func channelActive(context: ChannelHandlerContext) {
    crowd.members[ObjectIdentifier(context.channel)] = context.channel
  }

  func channelInactive(context: ChannelHandlerContext) {
    crowd.members[ObjectIdentifier(context.channel)] = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    for member in crowd.members.values { member.writeAndFlush(bytes, promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
