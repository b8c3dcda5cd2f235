/// What a connection tells its owner: the callbacks of an asyncio protocol, on the loop's thread.
///
/// The calls come in this order: `connectionMade`, then any number of `dataReceived`, then at most one `eofReceived`, then
/// `connectionLost` exactly once. `connectionLost` is never called from inside ``BaseTransport/close()`` or
/// ``WriteTransport/abort()``. `pauseWriting` and `resumeWriting` alternate in between.
///
/// Every callback has an empty default. A callback that throws is reported, the connection is closed with that error, and
/// the loop goes on. An actor cannot be a protocol object; a class whose nonisolated methods use `assumeIsolated` can hold
/// one that lives on the loop.
public protocol StreamProtocol: AnyObject, SendableMetatype {
  /// The connection is there. asyncio's `connection_made`.
  func connectionMade(_ transport: any Transport) throws

  /// Bytes came; they are lent for the time of the call. asyncio's `data_received`.
  func dataReceived(_ bytes: Span<UInt8>) throws

  /// The peer will send nothing more; decides whether our side stays open. asyncio's `eof_received`.
  func eofReceived() throws -> EOFAction

  /// The connection is gone: with nil after a close of our own, else with what ended it. asyncio's `connection_lost`.
  func connectionLost(_ error: (any Error)?)

  /// More than the high mark is waiting to be sent. asyncio's `pause_writing`.
  func pauseWriting() throws

  /// No more than the low mark is left. asyncio's `resume_writing`.
  func resumeWriting() throws

  /// Another protocol object takes this one's place: gives up the bytes that it was given and has not used.
  ///
  /// The new one gets them before all others. No callback follows.
  func protocolReplaced() -> [UInt8]
}

/// What happens to our own direction when the peer has ended its.
public enum EOFAction: Sendable {
  /// The transport closes, after what was written has gone out.
  case close
  /// Writing goes on; the protocol closes when it is done.
  case keepOpen
}

extension StreamProtocol {
  /// Does nothing.
  public func connectionMade(_ transport: any Transport) throws {}
  /// Drops the bytes.
  public func dataReceived(_ bytes: Span<UInt8>) throws {}
  /// Closes.
  public func eofReceived() throws -> EOFAction { .close }
  /// Does nothing.
  public func connectionLost(_ error: (any Error)?) {}
  /// Does nothing.
  public func pauseWriting() throws {}
  /// Does nothing.
  public func resumeWriting() throws {}
  /// Has nothing to give up.
  public func protocolReplaced() -> [UInt8] { [] }
}

/// A protocol that says where its bytes go, so that nothing is copied.
///
/// asyncio's `BufferedProtocol`.
public protocol BufferedStreamProtocol: StreamProtocol {
  /// Memory for the next read; it must stay valid until the read that follows, on the same turn, is over.
  ///
  /// Empty memory is an error: the connection is closed with ``UVError/noBufferSpace``.
  func getBuffer() -> UnsafeMutableBufferPointer<UInt8>

  /// So many bytes were put at the start of that memory; takes the place of `dataReceived`.
  func bufferUpdated(_ count: Int) throws
}
