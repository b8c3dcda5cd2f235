import FluvialPrimitives
import FluvialTransports
import StreamTestSupport
import Testing

@testable import Fluvial

/// Another protocol object in the place of reader and writer.
@Suite struct ReplacingTests {
  /// Writes down what it is told; its loop's thread only.
  private final class Successor: StreamProtocol {
    var received: [UInt8] = []
    var calls: [String] = []

    func dataReceived(_ bytes: Span<UInt8>) {
      if calls.last != "data" { calls.append("data") }
      unsafe bytes.withUnsafeBufferPointer { unsafe received += $0 }
    }

    func eofReceived() -> EOFAction {
      calls.append("eof")
      return .close
    }

    func connectionLost(_ error: (any Error)?) { calls.append("lost") }
  }

  private func connect(limit: Int = 65_536) async throws -> (
    StreamReader, StreamWriter, RawSocket, any Transport
  ) {
    let (ours, peer) = try RawSocket.pair()
    let (reader, writer) = try await openConnection(adopting: ours, limit: limit)
    let transport = try #require(writer.transport?.value)
    return (reader, writer, peer, transport)
  }

  // T14
  @Test func `it gets the bytes that no read has taken, then those that follow`() throws {
    try onLoop {
      let (reader, writer, peer, transport) = try await connect()
      try peer.send("hello\nwaiting ")
      #expect(try await reader.readLine() == "hello")
      let next = Successor()
      transport.setProtocol(next)
      // Later, never from inside.
      #expect(next.calls.isEmpty)
      try peer.send("and more")
      try await eventually("all is here") { next.received.text == "waiting and more" }
      #expect(try await StreamError.code { try await reader.read(upTo: 1) } == .closed)
      // What was the streams' does not hold the connection, and does not end it.
      #expect(await writer.waitClosed() == .finished)
      writer.close()
      writer.abort()
      await turns()
      try transport.write("answer")
      #expect(try await peer.receive(exactly: 6).text == "answer")
      peer.close()
      try await eventually("the connection is lost") { next.calls == ["data", "eof", "lost"] }
    }
  }

  @Test func `a read that waits is ended, and takes nothing along`() throws {
    try onLoop {
      let (reader, _, peer, transport) = try await connect()
      try peer.send("abc")
      let read = start { try await reader.read(exactly: 10) }
      try await reader.parked()
      try await eventually("the bytes are here") { reader.bufferedCount == 3 }
      let next = Successor()
      transport.setProtocol(next)
      #expect(try await StreamError.code { try await read.value } == .closed)
      try await eventually("the bytes are there") { next.received.text == "abc" }
      transport.abort()
    }
  }

  @Test func `a reader that had stopped the transport lets it go on`() throws {
    try onLoop {
      let (reader, _, peer, transport) = try await connect(limit: 100)
      let sent = pattern(150_000)
      let sending = start { try await peer.sendAll(sent) }
      try await eventually("the reader is full") { !transport.isReading }
      #expect(reader.bufferedCount > 100)
      let next = Successor()
      transport.setProtocol(next)
      try await sending.value
      try await eventually("all is here") { next.received == sent }
      transport.abort()
    }
  }

  @Test func `while paused it gets nothing, and the end comes behind the bytes`() throws {
    try onLoop {
      let (reader, _, peer, transport) = try await connect()
      try peer.send("last words")
      peer.close()
      try await eventually("the end is here") { reader.core.reading.withLock(\.buffer.hasEnded) }
      let next = Successor()
      transport.pauseReading()
      transport.setProtocol(next)
      await turns()
      #expect(next.calls.isEmpty)
      transport.resumeReading()
      try await eventually("the connection is lost") { next.calls == ["data", "eof", "lost"] }
      #expect(next.received.text == "last words")
    }
  }

  @Test func `its own memory is filled with them, piece by piece`() throws {
    try onLoop {
      let (reader, _, peer, transport) = try await connect()
      let sent = pattern(20_000)
      try await peer.sendAll(sent)
      try await eventually("the bytes are here") { reader.bufferedCount == sent.count }
      let next = SmallMemory()
      transport.setProtocol(next)
      try await eventually("all is here") { next.received == sent }
      transport.abort()
    }
  }

  @Test func `a server's handler may hand its connection over and return`() throws {
    try onLoop {
      let successors = Record<LoopBound<Successor>>()
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readLine()
        let next = Successor()
        guard let transport = writer.transport else { throw TestFailure("It is gone.") }
        transport.value.setProtocol(next)
        successors.add(LoopBound(next, on: transport.loop))
      }
      let port = server.localAddresses[0].port
      let client = try RawSocket.connect(port: port)
      try client.send("upgrade\nrest")
      try await eventually("the rest is there") {
        successors.all.first?.value.received.text == "rest"
      }
      try await eventually("the handler is done") { server.connectionCount == 0 }
      try client.send(" lives")
      try await eventually("it lives") {
        successors.all.first?.value.received.text == "rest lives"
      }
      client.close()
      try await eventually("it is lost") { successors.all.first?.value.calls.last == "lost" }
      await server.shutdown(grace: .seconds(1))
    }
  }
}

/// A protocol with a hundred bytes of memory.
@safe private final class SmallMemory: BufferedStreamProtocol {
  private let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 100)
  var received: [UInt8] = []

  deinit { unsafe memory.deallocate() }

  func getBuffer() -> UnsafeMutableBufferPointer<UInt8> { unsafe memory }
  func bufferUpdated(_ count: Int) { unsafe received += memory.prefix(count) }
}
