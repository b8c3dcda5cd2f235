import ChatWire
import Fluvial

/// What one task does for one connection: reads its lines and brings them to the room.
struct ChatConnection {
  let keeper: RoomKeeper
  let reader: StreamReader

  /// Serves a connection until it ends, in whatever way.
  static func serve(_ reader: StreamReader, _ writer: StreamWriter, in keeper: RoomKeeper) async {
    // The kernel finds out about peers that vanished without a word. A unix socket's cannot.
    if let tcp = writer.transport?.value as? TCPTransport {
      do {
        try tcp.setKeepAlive(
          idle: .seconds(60), interval: .seconds(15), count: 4, timeout: .seconds(30))
      } catch {
        // It talks all the same; the room's own PING finds out, later.
        if error != .notConnected { keeper.log?("keep-alive was refused: \(error)") }
      }
    }
    guard let id = await keeper.open(reader, writer) else { return }
    let reason = await ChatConnection(keeper: keeper, reader: reader).readLines(of: id)
    await keeper.leave(id, reason)
  }

  /// Reads until the connection ends, and tells why it did.
  private func readLines(of id: MemberID) async -> LeaveReason {
    do {
      while true {
        let line: [UInt8]?
        do {
          line = try await reader.readLineBytes(maxLength: keeper.limits.maxLine)
        } catch let error as StreamError where error.code == .limitOverrun {
          // Its rest is dropped unread, however long it is: the next read finds the next line.
          guard await keeper.takeOverrun(from: id) else { return .disconnected }
          continue
        }
        guard let line else { return .disconnected }
        guard try await bring(line, from: id) else { return .disconnected }
      }
    } catch is CancellationError {
      // Only the server's end cancels.
      await keeper.shutDown()
      return .disconnected
    } catch let error as StreamError where error.code == .closed {
      return .disconnected
    } catch {
      return .connectionLost
    }
  }

  /// Has a line acted on, later if it comes too soon; returns whether the connection goes on.
  private func bring(_ line: [UInt8], from id: MemberID) async throws -> Bool {
    switch await keeper.take(line, from: id) {
    case .done: return true
    case .ended: return false
    case .wait(let time):
      // Nobody reads meanwhile: the rest stays in the sender's own buffers.
      try await keeper.loop.clock.sleep(for: time)
      return await keeper.act(on: line, from: id)
    }
  }
}
