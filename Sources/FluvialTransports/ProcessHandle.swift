internal import CFluvial

/// A child process on a loop; confined to the loop.
///
/// Binds `uv_process_t`.
@safe
package final class ProcessHandle: LoopResource {
  private var handle: OpaquePointer?
  private var onExit: ((Exit?) -> Void)?

  /// The exit status, and the signal that ended the child, or 0.
  package typealias Exit = (status: Int64, signal: Int32)

  /// What a child is started with; descriptors stay the caller's, -1 means `/dev/null`.
  package struct Options {
    package var file: String
    package var arguments: [String]
    package var environment: [String]?
    package var directory: String?
    package var descriptors: (Int32, Int32, Int32)

    package init(
      file: String, arguments: [String], environment: [String]?, directory: String?,
      descriptors: (Int32, Int32, Int32)
    ) {
      self.file = file
      self.arguments = arguments
      self.environment = environment
      self.directory = directory
      self.descriptors = descriptors
    }
  }

  /// `onExit` is called once, when the child has been reaped; with nil when the loop ended and could not kill it.
  package init(
    _ options: Options, on loop: EventLoop, onExit: @escaping (Exit?) -> Void
  ) throws(UVError) {
    self.onExit = onExit
    super.init(on: loop)
    try loop.core.checkOpen()
    let owner = unsafe Unmanaged.passRetained(self)
    var opened: OpaquePointer?
    let status = unsafe Self.spawn(options, loop.core.handle, owner.toOpaque(), &opened)
    if status < 0 {
      unsafe owner.release()
      let place = options.directory.map { " in \($0)" } ?? ""
      throw UVError(code: status, context: "start \(options.file)\(place)")
    }
    unsafe handle = opened
    loop.core.register(self)
  }

  private static func spawn(
    _ options: Options, _ loop: OpaquePointer, _ owner: UnsafeMutableRawPointer,
    _ out: inout OpaquePointer?
  ) -> Int32 {
    unsafe withCStrings([options.file] + options.arguments) { arguments in
      unsafe withCStrings(options.environment ?? []) { environment in
        unsafe options.file.withCString { file in
          unsafe withOptionalCString(options.directory) { directory in
            var raw = unsafe fluv_process_options(
              file: file, arguments: arguments,
              environment: options.environment == nil ? nil : environment,
              directory: directory, descriptors: options.descriptors)
            return unsafe fluv_process_spawn(loop, &raw, owner, &out)
          }
        }
      }
    }
  }

  package var processID: Int32? {
    unsafe handle.map { unsafe fluv_process_id($0) }
  }

  /// Sends a signal; ``UVError/noSuchProcess`` once the exit was reported.
  package func kill(_ number: Int32) throws(UVError) {
    guard let handle = unsafe handle else { throw .noSuchProcess }
    try UVError.check(unsafe fluv_process_kill(handle, number), "signal \(number)")
  }

  package func close() {
    guard let closing = unsafe handle else { return }
    unsafe handle = nil
    onExit = nil
    unsafe fluv_process_close(closing)
  }

  package override func loopWillClose() {
    // Nobody will be there to wait for it; the loop does until it is reaped, so that no zombie stays.
    do throws(UVError) { try kill(9) } catch {
      let report = onExit
      close()
      report?(nil)
    }
  }

  // MARK: From libuv

  func exited(status: Int64, signal: Int32) {
    let report = onExit
    close()
    report?((status, signal))
  }

  func closed() { loop.core.unregister(self) }
}

private func withOptionalCString<Result>(
  _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
  guard let text else { return body(nil) }
  return unsafe text.withCString(body)
}

/// A NULL-terminated list of C strings for the time of the call.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
) -> Result {
  var pool: [CChar] = []
  var starts: [Int] = []
  for string in strings {
    starts.append(pool.count)
    pool.append(contentsOf: string.utf8CString)
  }
  return unsafe pool.withUnsafeMutableBufferPointer { bytes in
    let base = bytes.baseAddress
    return unsafe withUnsafeTemporaryAllocation(
      of: UnsafeMutablePointer<CChar>?.self, capacity: starts.count + 1
    ) { list in
      for (index, start) in starts.enumerated() {
        unsafe list.initializeElement(at: index, to: base.map { unsafe $0 + start })
      }
      unsafe list.initializeElement(at: starts.count, to: nil)
      return unsafe body(UnsafePointer(list.baseAddress))
    }
  }
}
