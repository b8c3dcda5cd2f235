/// What a terminal tells its owner besides bytes: the callbacks of a protocol object on a ``TTYTransport``.
///
/// Every callback has an empty default, and comes on the loop's thread.
public protocol TerminalProtocol: StreamProtocol {
  /// The window has another size.
  func windowSizeChanged(_ size: TerminalSize)

  /// The program is about to be stopped, or was stopped, and the terminal will belong to somebody else.
  ///
  /// With `mayWrite`, what is written now still goes out; without it the terminal is somebody else's already, and nothing
  /// may be written until ``terminalDidResume()``.
  func terminalWillSuspend(mayWrite: Bool)

  /// The terminal is the program's again, in the same mode, with anything on its screen.
  func terminalDidResume()
}

extension TerminalProtocol {
  /// Does nothing.
  public func windowSizeChanged(_ size: TerminalSize) {}
  /// Does nothing.
  public func terminalWillSuspend(mayWrite: Bool) {}
  /// Does nothing.
  public func terminalDidResume() {}
}
