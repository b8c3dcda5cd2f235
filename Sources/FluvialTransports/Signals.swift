internal import FluvialPrimitives

extension EventLoop {
  /// The signals of these kinds that come from now on, as they come.
  ///
  /// asyncio's `add_signal_handler`. While anybody watches, the signal does nothing else; when the last watcher is gone, or
  /// its loop has ended, its default action is back. Signals of one kind that nobody has taken yet count as one. Watching
  /// begins at once on the loop, elsewhere a moment later, and ends when the sequence and its iterators are gone.
  ///
  /// ```swift
  /// for try await _ in loop.signals(.interrupt, .terminate) { break }
  /// ```
  ///
  /// Iterating throws ``UVError/invalidArgument`` for what cannot be watched, such as SIGKILL, and `CancellationError`, with
  /// which no signal is lost. Binds `uv_signal_start`.
  public func signals(_ signals: Signal...) -> Signals { self.signals(signals) }

  /// The signals of these kinds that come from now on, as they come.
  ///
  /// As ``signals(_:)-(Signal...)``.
  public func signals(_ signals: [Signal]) -> Signals {
    let watch = SignalWatch(on: self)
    if isCurrent {
      watch.start(signals)
    } else {
      // Weak: a sequence that is dropped at once needs no watching.
      execute { [weak watch] in watch?.start(signals) }
    }
    return Signals(watch: watch)
  }

  /// The signals that a loop watches; see ``EventLoop/signals(_:)-(Signal...)``.
  ///
  /// May be used from any task. Iterators share what comes: a signal goes to one of them.
  public struct Signals: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let watch: SignalWatch

    /// The next signal; nil when the loop has ended.
    ///
    /// Throws ``UVError/invalidArgument`` for what cannot be watched. Cancelled while it waits, it throws
    /// `CancellationError`, and no signal is lost.
    public func next() async throws -> Signal? { try await watch.mailbox.next() }

    /// The next signal; nil when the loop has ended.
    ///
    /// Throws ``UVError/invalidArgument`` for what cannot be watched. Cancelled while it waits, it throws
    /// `CancellationError`, and no signal is lost.
    public func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> Signal? {
      try await watch.mailbox.next()
    }

    /// The view itself: it has no place of its own.
    public func makeAsyncIterator() -> Signals { self }
  }
}

/// What the iterators of one `signals` call share; watching ends with it.
final class SignalWatch: Sendable {
  let mailbox = Mailbox<Signal>()
  private let loop: EventLoop
  private let handles = Lock<[LoopBound<SignalHandle>]>([])

  init(on loop: EventLoop) { self.loop = loop }

  deinit {
    let handles = handles.withLock { $0 }
    guard !handles.isEmpty else { return }
    if loop.isCurrent {
      for handle in handles { handle.value.close() }
    } else {
      // After the loop's end this runs elsewhere, and the handles are closed already.
      loop.execute { [loop] in if loop.isCurrent { for handle in handles { handle.value.close() } }
      }
    }
  }

  /// The loop's thread, or another one after the loop's end.
  func start(_ signals: [Signal]) {
    guard loop.isCurrent, loop.isOpen else { return mailbox.end() }
    for signal in Set(signals) {
      do throws(UVError) {
        let handle = try SignalHandle(number: signal.rawValue, on: loop) { [weak self] in
          self?.mailbox.put(signal) { $0 == signal }
        }
        handle.onLoopEnd = { [weak self] in self?.mailbox.end() }
        handles.withLock { $0.append(LoopBound(handle, on: loop)) }
      } catch {
        mailbox.end(error)
      }
    }
  }
}
