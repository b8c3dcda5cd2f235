internal import CTerminalGuard
internal import Glibc

extension TTYTransport {
  /// The mode that was set last; while suspended, the one that comes back.
  public var mode: TerminalMode { wantedMode }

  /// Changes the mode at once, without waiting for output.
  ///
  /// In the background nothing is touched: the transport is suspended, and enters the mode when it comes to the foreground.
  /// Throws ``UVError/terminalBusy`` when the terminal was not opened by ``EventLoop/openTTY(_:makeProtocol:)``,
  /// ``UVError/notConnected`` after a close, and what the system reports when the terminal is gone.
  public func setMode(_ mode: TerminalMode) throws(UVError) {
    loop.checkIsolated()
    guard isOwner else {
      throw UVError(code: UVError.terminalBusy.code, context: "terminal mode: not the owner")
    }
    guard phase == .open else {
      throw UVError(code: UVError.notConnected.code, context: "terminal mode after close")
    }
    let before = wantedMode
    wantedMode = mode
    guard !isSuspended else { return }
    // What was written belongs before the change.
    flushWrites()
    watchStops()
    let status = ftg_set_mode(mode.number, mode.options)
    if status == UVError.tryAgain.code {
      mode == .cooked ? leaveAlone() : waitForForeground()
    } else if status < 0 {
      wantedMode = before
      throw UVError(code: status, context: "terminal mode")
    }
  }

  /// Sets a mode for the time of `body`, and then the one before it again.
  ///
  /// Scopes nest. The end of the outermost one also throws away what was typed and not read. For code on the loop. Throws
  /// what ``setMode(_:)`` and `body` do. Waits for `body` alone, which a cancellation reaches; the mode is put back in any
  /// case.
  public func withMode<Result>(
    _ mode: TerminalMode, _ body: () async throws -> Result
  ) async throws -> Result {
    let outer = try beginScope(mode)
    defer { endScope(to: outer) }
    return try await body()
  }

  /// Sets what is written after a mode is entered, and what on every way out of it, a crash among them.
  ///
  /// Throws ``UVError/notConnected`` after a close.
  package func setSequences(on: [UInt8], off: [UInt8]) throws(UVError) {
    loop.checkIsolated()
    let status = unsafe ftg_set_strings(on, on.count, off, off.count)
    try UVError.check(status, "terminal sequences")
  }

  /// Sets a mode, and returns the one that ``endScope(to:)`` takes.
  package func beginScope(_ mode: TerminalMode) throws(UVError) -> TerminalMode {
    let outer = wantedMode
    try setMode(mode)
    scopes += 1
    return outer
  }

  /// Ends a scope that ``beginScope(_:)`` began.
  package func endScope(to outer: TerminalMode) {
    scopes -= 1
    if scopes == 0, outer == .cooked, isOwner, !isSuspended {
      flushWrites()
      ftg_restore(true)
    }
    // Fails only when there is no terminal any more.
    try? setMode(outer)
  }

  /// In the background the terminal is as whoever has it wants it.
  private func leaveAlone() {
    ftg_suspend()
    _ = ftg_set_mode(FTG_COOKED, 0)
  }
}

// Stops, and the way back.
//
//   foreground -> suspended: suspend(), a stop seen too late, a mode set in the background
//   suspended -> foreground: SIGCONT or the timer, once the terminal is ours
extension TTYTransport {
  /// Gives the terminal back, and stops the process and its group as ctrl-z does; returns when it goes on.
  ///
  /// Where no shell could continue it, the process is not stopped. For code on the loop.
  public func suspend() {
    loop.checkIsolated()
    guard phase == .open, !isSuspended else { return }
    terminalProtocol?.terminalWillSuspend(mayWrite: true)
    flushWrites()
    stopTouching()
    ftg_suspend()
    // Gives SIGTSTP its default action back.
    stopWatcher?.close()
    stopWatcher = nil
    ftg_stop_group()
    lastStop = loop.clock.now
    tryToResume()
  }

  private func stopTouching() {
    isSuspended = true
    // A read in the background would stop the process, or end the handle with EIO.
    if !isPaused {
      pauseReading()
      isPaused = false
    }
  }

  private func waitForForeground() {
    stopTouching()
    retryLater()
  }

  private func retryLater() {
    let me = LoopBound(self, on: loop)
    // A shell that brings a running job to the front sends no signal.
    retry = loop.schedule(after: .milliseconds(200)) { me.value.tryToResume() }
  }

  private func tryToResume() {
    retry?.cancel()
    retry = nil
    guard phase == .open, isSuspended else { return }
    let status = enterWantedMode()
    if status == UVError.tryAgain.code { return retryLater() }
    if status < 0 { return fail(UVError(code: status, context: "terminal mode")) }
    isSuspended = false
    watchStops()
    lastSize = windowSize
    terminalProtocol?.terminalDidResume()
    updateReading()
  }

  private func enterWantedMode() -> Int32 {
    if wantedMode == .cooked {
      guard ftg_is_foreground() else { return UVError.tryAgain.code }
    } else {
      let status = ftg_resume()
      if status < 0 { return status }
    }
    return ftg_set_mode(wantedMode.number, wantedMode.options)
  }

  /// SIGCONT: after a stop of our own, or one that came without notice, as SIGSTOP does.
  func didContinue() {
    guard phase == .open else { return }
    if isSuspended { return tryToResume() }
    if let lastStop, lastStop.duration(to: loop.clock.now) < .seconds(1), ftg_is_intact() {
      self.lastStop = nil
      return
    }
    guard wantedMode != .cooked else { return }
    terminalProtocol?.terminalWillSuspend(mayWrite: false)
    stopTouching()
    tryToResume()
  }

  /// While a mode is set, a stop that the terminal or somebody else asks for goes through ``suspend()``.
  private func watchStops() {
    guard wantedMode != .cooked else {
      stopWatcher?.close()
      stopWatcher = nil
      return
    }
    guard stopWatcher == nil, !ftg_is_ignored(SIGTSTP) else { return }
    // Without a watcher the program stops with the terminal as it is, which is better than not to start.
    stopWatcher = try? SignalHandle(number: SIGTSTP, on: loop) { [weak self] in self?.suspend() }
  }
}
