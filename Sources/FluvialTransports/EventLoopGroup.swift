internal import CFluvial
internal import FluvialPrimitives

/// Several loops, each on a thread of its own, for servers that use more than one core.
///
/// A connection stays on the loop that it was given to, so that what belongs to one connection never runs on two threads at
/// a time. What several connections share is an actor, on one of the loops or one for each:
///
/// ```swift
/// func serveOnFourCores() async throws {
///   let group = try EventLoopGroup(loops: 4)
///   // An actor for each loop: a connection that calls its own stays on its thread.
///   let scores = group.loops.map { Scores(on: $0) }
///   let server = try await startServer(port: 9000, across: group) { reader, _ in
///     let mine = scores[group.indexOfCurrentLoop ?? 0]
///     while let name = try await reader.readLine() { await mine.add(name) }
///   }
///   try await server.serveForever()
///   await group.shutdown()
/// }
/// ```
///
/// Members may be used from any thread. A group that nobody holds any more ends its loops.
public final class EventLoopGroup: Sendable {
  /// The loops.
  public let loops: [EventLoop]

  /// Those of the loops that end with the group: all, but for one that was there before.
  private let owned: ArraySlice<EventLoop>
  private let ending = GroupEnding()
  private let turn = Lock(0)

  /// Starts so many loops, each on a thread of its own.
  ///
  /// Throws ``UVError/invalidArgument`` for a count that is not positive, and what making a loop or a thread reports; then
  /// no loop is left.
  public convenience init(loops count: Int) throws(UVError) {
    guard count > 0 else {
      throw UVError(code: UVError.invalidArgument.code, context: "a group of \(count) loops")
    }
    try self.init(starting: count, beside: nil)
  }

  /// A loop that is there, which does not end with the group, and so many more.
  package init(starting count: Int, beside first: EventLoop?) throws(UVError) {
    var all = first.map { [$0] } ?? []
    let own = all.count
    do throws(UVError) {
      for number in 0..<count { all.append(try .startOnThread(named: "fluvial.group.\(number)")) }
    } catch {
      for loop in all[own...] { loop.stop {} }
      throw error
    }
    loops = all
    owned = all[own...]
  }

  deinit { ending.stop(owned) {} }

  /// The place in ``loops`` of the loop that the calling thread runs; nil elsewhere.
  public var indexOfCurrentLoop: Int? { loops.firstIndex(where: \.isCurrent) }

  /// A loop for the next piece of work: each in turn.
  public func next() -> EventLoop {
    let index = turn.withLock { turn in
      defer { turn = (turn &+ 1) % loops.count }
      return turn
    }
    return loops[index]
  }

  /// Ends the loops as `EventLoop.run` does when its body has ended, and waits until their threads are gone.
  ///
  /// Servers on them are closed, connections aborted, handlers cancelled. A second call waits too. It goes on waiting when
  /// cancelled.
  public func shutdown() async {
    unsafe await withUnsafeContinuation { continuation in
      stop { unsafe continuation.resume() }
    }
  }

  /// Ends the loops, then calls `done`, on any thread.
  package func stop(_ done: @escaping @Sendable () -> Void) { ending.stop(owned, done) }
}

/// The end of a group's loops, apart from the group, which may be gone before them.
private final class GroupEnding: Sendable {
  /// running -> ending (those who wait for it are told) -> ended.
  private enum Phase {
    case running
    case ending(left: Int, waiting: [@Sendable () -> Void])
    case ended
  }

  private let phase = Lock(Phase.running)

  func stop(_ loops: ArraySlice<EventLoop>, _ done: @escaping @Sendable () -> Void) {
    let (isFirst, isOver) = phase.withLock { phase in
      switch phase {
      case .running where !loops.isEmpty:
        phase = .ending(left: loops.count, waiting: [done])
        return (true, false)
      case .ending(let left, let waiting):
        phase = .ending(left: left, waiting: waiting + [done])
        return (false, false)
      case .running, .ended:
        phase = .ended
        return (false, true)
      }
    }
    if isFirst { for loop in loops { loop.stop { self.oneEnded() } } }
    if isOver { done() }
  }

  private func oneEnded() {
    let waiting: [@Sendable () -> Void] = phase.withLock { phase in
      guard case .ending(let left, let waiting) = phase else { return [] }
      guard left == 1 else {
        phase = .ending(left: left - 1, waiting: waiting)
        return []
      }
      phase = .ended
      return waiting
    }
    for done in waiting { done() }
  }
}
