import ChatWire
import Fluvial

/// The outgoing queue of one connection.
///
/// The writer's own buffer is the queue, and its limit the room's: nothing here ever waits.
struct ConnectionSink: LineSink {
  let writer: StreamWriter

  init(_ writer: StreamWriter, limits: ChatLimits) {
    self.writer = writer
    // Both marks at the limit: who has come back under it is no slow reader.
    if let marks = try? WriteBufferLimits(low: limits.outgoingQueue, high: limits.outgoingQueue) {
      writer.bufferLimits = marks
    }
    writer.setLingerTime(limits.flushWait)
  }

  func append(_ line: [UInt8]) -> Bool {
    // A connection that broke is not a slow one: its reading task finds out and says why.
    (try? writer.tryWrite(line)) ?? true
  }

  func end(_ ending: Ending) {
    switch ending {
    case .flush: writer.close()
    case .reset: writer.abort()
    }
  }
}
