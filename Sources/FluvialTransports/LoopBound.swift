/// A value that belongs to a loop's thread, in a box that may travel.
///
/// Transports and protocol objects are not `Sendable`; this is how a task or another thread keeps hold of one. The box
/// opens only on the loop.
@safe
public struct LoopBound<Value> {
  /// The loop that the value belongs to.
  public let loop: EventLoop

  private let stored: Value

  /// Boxes a value of `loop`; on that loop's thread only.
  public init(_ value: Value, on loop: EventLoop) {
    loop.checkIsolated()
    self.loop = loop
    self.stored = value
  }

  /// Boxes a value that nobody else has, from any thread.
  public init(handingOver value: sending Value, to loop: EventLoop) {
    self.loop = loop
    self.stored = value
  }

  /// The value; on the loop's thread only, elsewhere the program stops.
  public var value: Value {
    loop.checkIsolated()
    return stored
  }
}

// Only the loop's thread gets at the value: both ways in and the way out check that.
extension LoopBound: @unchecked Sendable {}
