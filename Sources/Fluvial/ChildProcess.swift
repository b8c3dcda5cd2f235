internal import FluvialPrimitives
public import FluvialTransports

/// A child process: asyncio's `Process`.
///
/// May be used from any task. The child is reaped as soon as it ends, whether anybody waits or not, and killed when its
/// loop ends before it.
public final class ChildProcess: Sendable {
  /// The loop that watches the child.
  public let loop: EventLoop
  /// The number by which the system knows the child; after its end another process may get it.
  public let processID: Int32
  /// Leads to the child's standard input, if that is a pipe.
  public let standardInput: StreamWriter?
  /// Leads from the child's standard output, if that is a pipe; what was written can be read after its end too.
  public let standardOutput: StreamReader?
  /// Leads from the child's standard error, if that is a pipe.
  public let standardError: StreamReader?

  private let handle: LoopBound<ProcessHandle>
  private let life: ChildLife

  /// The loop's thread.
  init(_ spawned: EventLoop.Spawned, life: ChildLife, limit: Int, on loop: EventLoop) throws {
    self.loop = loop
    self.life = life
    handle = LoopBound(spawned.handle, on: loop)
    processID = spawned.handle.processID ?? 0
    var streams: [(reader: StreamReader, writer: StreamWriter)?] = []
    for pipe in spawned.pipes {
      let core = try pipe.map { _ in try StreamReaderProtocol(loop: loop, limit: limit) }
      if let pipe, let core { pipe.start(core) }
      streams.append(core?.makeStreams())
    }
    standardInput = streams[0]?.writer
    standardOutput = streams[1]?.reader
    standardError = streams[2]?.reader
  }

  // MARK: The end

  /// How the child ended; nil while it runs.
  ///
  /// asyncio's `returncode`.
  public var exit: ProcessExit? { life.exit }

  /// Waits until the child has ended; any number of tasks may.
  ///
  /// Throws `CancellationError` when cancelled; the child goes on. A child that writes more than a pipe holds waits for a
  /// reader: ``communicate(input:limit:)`` reads meanwhile.
  @discardableResult
  public func wait() async throws -> ProcessExit {
    guard let exit = await life.wait() else {
      if Task.isCancelled { throw CancellationError() }
      throw StreamError(.closed, "The event loop ended before process \(processID) did.")
    }
    return exit
  }

  /// Writes `input`, ends the child's input, reads its outputs to their ends, and waits for the child.
  ///
  /// asyncio's `communicate`. What the child does not read of its input is no error. Throws
  /// ``StreamError/Code/limitOverrun`` when an output is longer than `limit`, ``StreamError/Code/invalidArgument`` when
  /// there is input and no pipe for it, `CancellationError` when cancelled; the child goes on.
  public func communicate(
    input: [UInt8] = [], limit: Int = .max
  ) async throws -> (output: [UInt8], error: [UInt8], exit: ProcessExit) {
    guard limit >= 0 else {
      throw StreamError.invalid("A limit must not be negative, and this is \(limit).")
    }
    guard input.isEmpty || standardInput != nil else {
      throw StreamError.invalid("There is input, and the child's standard input is no pipe.")
    }
    async let output = standardOutput?.readToEnd(limit: limit) ?? []
    async let error = standardError?.readToEnd(limit: limit) ?? []
    try await feed(input)
    return (try await output, try await error, try await wait())
  }

  private func feed(_ input: [UInt8]) async throws {
    guard let standardInput else { return }
    do {
      try await standardInput.write(input)
      // Closing is bounded by the linger time, and the child may be slow.
      try await standardInput.flush()
    } catch let error as StreamError {
      guard error.code == .broken || error.code == .closed else { throw error }
    }
    standardInput.close()
  }

  // MARK: Signals

  /// Sends a signal; nothing when the child has ended.
  ///
  /// asyncio's `send_signal`. Binds `uv_process_kill`.
  public func send(_ signal: Signal) {
    // The number is the child's until it is reaped, which happens on this loop alone.
    let send: @Sendable () -> Void = { [handle] in try? handle.value.kill(signal.rawValue) }
    if loop.isCurrent { send() } else { loop.execute(send) }
  }

  /// Asks the child to end (SIGTERM).
  ///
  /// As ``send(_:)``.
  public func terminate() { send(.terminate) }

  /// Ends the child (SIGKILL).
  ///
  /// As ``send(_:)``.
  public func kill() { send(Signal(rawValue: 9)) }

  // MARK: The end of a scope

  /// Closes the pipes; ends the child if it is still there, by asking first and by force after `grace`; reaps it.
  ///
  /// Cancellation does not shorten it.
  func end(grace: Duration) async {
    standardInput?.abort()
    standardOutput?.core.abort()
    standardError?.core.abort()
    guard exit == nil else { return }
    terminate()
    let force = loop.schedule(after: grace) { [self] in kill() }
    await life.waitUncancelled()
    force.cancel()
  }
}

/// Starts a program.
///
/// asyncio's `create_subprocess_exec`; ``withProcess(_:_:environment:directory:input:output:error:grace:limit:on:_:)``
/// ends it by itself. `program` without a slash is looked for in PATH; `arguments` come after its name. Without
/// `environment` the child has ours, without `directory` our working directory. `limit` bounds what a reader of its output
/// holds.
///
/// Throws ``StreamError/Code/startFailed`` when the system cannot start it, ``StreamError/Code/invalidArgument`` for a NUL or
/// an empty name, `CancellationError` when cancelled; then no process and no descriptor is left. Binds `uv_spawn`.
public func startProcess(
  _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil,
  directory: String? = nil, input: ChildStream = .inherited, output: ChildStream = .inherited,
  error: ChildStream = .inherited, limit: Int = StreamReaderProtocol.defaultLimit,
  on loop: EventLoop? = nil
) async throws -> ChildProcess {
  guard limit > 0 else { throw StreamError.invalid("The limit must be positive, not \(limit).") }
  try Task.checkCancellation()
  let loop = try chosenLoop(loop, orThrow: .startFailed)
  let child: ChildProcess
  do {
    child = try await loop.onLoop { (loop) throws(any Error) in
      let life = ChildLife()
      let spawned = try loop.spawn(
        program, arguments, environment: environment, directory: directory,
        streams: [input, output, error]
      ) { life.end($0) }
      return try ChildProcess(spawned, life: life, limit: limit, on: loop)
    }
  } catch { throw StreamError.wrapping(error, as: .startFailed) }
  guard Task.isCancelled else { return child }
  await child.end(grace: .zero)
  throw CancellationError()
}

/// Starts a program for the time of `body`.
///
/// When `body` ends, by returning, throwing or being cancelled, a child that still runs is terminated, after `grace` killed,
/// and in any case reaped before this returns. A negative grace time is ``StreamError/Code/invalidArgument``. As
/// ``startProcess(_:_:environment:directory:input:output:error:limit:on:)``.
public func withProcess<Result>(
  _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil,
  directory: String? = nil, input: ChildStream = .inherited, output: ChildStream = .inherited,
  error: ChildStream = .inherited, grace: Duration = .seconds(5),
  limit: Int = StreamReaderProtocol.defaultLimit, on loop: EventLoop? = nil,
  _ body: (ChildProcess) async throws -> Result
) async throws -> Result {
  try check(grace: grace)
  let child = try await startProcess(
    program, arguments, environment: environment, directory: directory, input: input,
    output: output, error: error, limit: limit, on: loop)
  let result: Result
  do { result = try await body(child) } catch {
    await child.end(grace: grace)
    throw error
  }
  await child.end(grace: grace)
  return result
}
