internal import CFluvial

/// A descriptor that has one owner at a time, and is closed if nobody takes it.
package struct OwnedDescriptor: ~Copyable, Sendable {
  private let number: Int32

  package init(_ number: Int32) { self.number = number }

  deinit { fluv_descriptor_close(number) }

  /// Hands the number over; from now on it is the caller's to close.
  package consuming func take() -> Int32 {
    let number = self.number
    discard self
    return number
  }
}

/// Nobody could be reached: every address that was tried, with its error.
public struct ConnectError: Error, Sendable {
  /// One address and why it failed.
  public struct Attempt: Sendable {
    /// The address.
    public let address: SocketAddress
    /// Why there is no connection to it.
    public let error: UVError
  }

  /// The attempts, in the order in which they failed.
  public let attempts: [Attempt]
}

extension ConnectError: CustomStringConvertible {
  /// A sentence that names every address.
  public var description: String {
    let all = attempts.map { "\($0.address): \($0.error)" }.joined(separator: "; ")
    return "No connection: \(all.isEmpty ? "no address" : all)."
  }
}

extension EventLoop {
  /// A connected descriptor.
  ///
  /// Runs on the loop; cancelled, it closes its own before it throws.
  @concurrent
  func connectSocket(
    to address: SocketAddress, from local: SocketAddress?
  ) async throws -> OwnedDescriptor {
    var target = try address.raw()
    var pause = Duration.milliseconds(1)
    while true {
      var descriptor: Int32 = -1
      let status: Int32
      if var source = try local?.raw() {
        status = unsafe fluv_socket_connect(&target, &source, &descriptor)
      } else {
        status = unsafe fluv_socket_connect(&target, nil, &descriptor)
      }
      if status >= 0 {
        let owned = OwnedDescriptor(descriptor)
        if status > 0 { try await finishConnecting(descriptor, to: address) }
        try Task.checkCancellation()
        return owned
      }
      // A unix listener whose backlog is full: the kernel has no readiness for that.
      guard status == UVError.tryAgain.code, address.family == .unix else {
        throw UVError(code: status, context: Self.context(address, local))
      }
      try await clock.sleep(for: pause)
      pause = min(pause * 2, .milliseconds(50))
    }
  }

  private static func context(_ address: SocketAddress, _ local: SocketAddress?) -> String {
    guard let local else { return "connect to \(address)" }
    return "connect from \(local) to \(address)"
  }

  @concurrent
  private func finishConnecting(_ descriptor: Int32, to address: SocketAddress) async throws {
    let wait = OneShotWait<Int32>()
    let poll = try await onLoop { loop throws(UVError) in
      let poll = try PollHandle(descriptor: descriptor, on: loop) { status in
        // libuv says EBADF for every error that poll reports; the socket knows which it was.
        let outcome = fluv_socket_outcome(descriptor)
        wait.finish(outcome < 0 ? outcome : status)
      }
      try poll.startOnceWritable()
      return LoopBound(poll, on: loop)
    }
    let status = await withTaskCancellationHandler {
      await wait.wait()
    } onCancel: {
      wait.finish(UVError.canceled.code)
    }
    // Before the descriptor is closed or wrapped.
    await onLoop { _ in poll.value.close() }
    if Task.isCancelled { throw CancellationError() }
    try UVError.check(status, "connect to \(address)")
  }

  /// Runs `body` on the loop's thread and returns what it returns.
  package func onLoop<Result: Sendable, Failure: Error>(
    _ body: @escaping @Sendable (EventLoop) throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    if isCurrent { return try body(self) }
    let result: Swift.Result<Result, Failure> = unsafe await withUnsafeContinuation {
      continuation in
      execute {
        let result: Swift.Result<Result, Failure>
        do throws(Failure) { result = .success(try body(self)) } catch { result = .failure(error) }
        unsafe continuation.resume(returning: result)
      }
    }
    return try result.get()
  }
}
