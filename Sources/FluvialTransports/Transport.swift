/// What every transport can do.
///
/// Transports are confined to their loop's thread.
public protocol BaseTransport: AnyObject {
  /// The loop that the transport lives on.
  var loop: EventLoop { get }

  /// Whether ``close()`` or abort was called, or the connection failed.
  var isClosing: Bool { get }

  /// This side's address; the last one known after the end, nil where there is none.
  var localAddress: SocketAddress? { get }

  /// The peer's address; the last one known after the end, nil where there is none.
  var remoteAddress: SocketAddress? { get }

  /// Ends the connection gracefully: no more reads, what was written goes out, then the descriptor is closed.
  ///
  /// Returns at once; `connectionLost` follows, within ``Transport/lingerTime`` at the latest. A second call does nothing.
  func close()

  /// Gives the callbacks from now on to another protocol object, which also gets the bytes that wait: those that were
  /// not delivered while paused, and those that ``StreamProtocol/protocolReplaced()`` gives up.
  func setProtocol(_ newProtocol: any StreamProtocol)
}

/// A transport that receives.
///
/// asyncio's `ReadTransport`.
public protocol ReadTransport: BaseTransport {
  /// Whether data is being delivered: not paused, not closing, not at the peer's end.
  var isReading: Bool { get }

  /// Delivers no data until ``resumeReading()``; nothing when paused already or closed.
  func pauseReading()

  /// Delivers data again; nothing when not paused or closed.
  func resumeReading()
}

/// A transport that sends.
///
/// asyncio's `WriteTransport`.
public protocol WriteTransport: BaseTransport {
  /// Accepts the bytes, copied or sent before it returns, and never waits.
  ///
  /// What is accepted in one turn of the loop goes out together at its end. Throws ``UVError/notConnected`` after a close
  /// or ``writeEOF()``, the error that broke the connection after that, and ``UVError/noBufferSpace`` when more than
  /// ``writeHardLimit`` bytes would be waiting; then nothing of them was accepted.
  func write(_ bytes: Span<UInt8>) throws(UVError)

  /// Accepts the pieces in order, all or none. As ``write(_:)``.
  func write(contentsOf pieces: [[UInt8]]) throws(UVError)

  /// Ends our direction after what was written; receiving goes on. Binds `uv_shutdown`.
  ///
  /// Throws ``UVError/notConnected`` after a close. A second call does nothing.
  func writeEOF() throws(UVError)

  /// Whether this kind of transport can end one direction alone.
  var canWriteEOF: Bool { get }

  /// Bytes accepted and not yet with the kernel.
  var writeBufferSize: Int { get }

  /// When the protocol is told to pause and to go on.
  var writeBufferLimits: WriteBufferLimits { get set }

  /// The most bytes that the synchronous ``write(_:)`` lets wait; 16 MiB unless set, none for a negative number.
  var writeHardLimit: Int { get set }

  /// Ends the connection at once: what was not sent is dropped, a TCP peer sees a reset.
  ///
  /// `connectionLost(nil)` follows. A second call does nothing.
  func abort()
}

/// A transport for both directions.
///
/// asyncio's `Transport`.
public protocol Transport: ReadTransport, WriteTransport {
  /// How long a graceful close may take before the connection is reset; 30 s unless set. A negative time is none.
  var lingerTime: Duration { get set }
}

extension WriteTransport {
  /// Accepts an array's bytes.
  ///
  /// As ``write(_:)-(Span<UInt8>)``.
  public func write(_ bytes: [UInt8]) throws(UVError) { try write(bytes.span) }

  /// Accepts a string's UTF-8.
  ///
  /// As ``write(_:)-(Span<UInt8>)``.
  public func write(_ text: String) throws(UVError) {
    var text = text
    text.makeContiguousUTF8()
    try write(text.utf8Span.span)
  }
}
