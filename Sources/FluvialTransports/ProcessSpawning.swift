internal import CFluvial

/// Where a standard stream of a child process leads.
public enum ChildStream: Hashable, Sendable {
  /// To where ours leads.
  case inherited
  /// To `/dev/null`.
  case null
  /// To a stream of this process, through a pipe.
  case pipe
  /// To this descriptor, which stays the caller's.
  case descriptor(Int32)
  /// To where the child's standard output leads; for standard error only.
  case standardOutput
}

extension EventLoop {
  /// A child process and the pipes that lead to it, one for each stream that asked for it.
  package typealias Spawned = (handle: ProcessHandle, pipes: [PipeTransport?])

  /// Starts a child process.
  ///
  /// The loop's thread. `streams` are its standard input, output and error. Throws ``UVError/invalidArgument`` for what
  /// no system call should see, else what starting reports; then nothing is left behind.
  package func spawn(
    _ program: String, _ arguments: [String], environment: [String: String]?, directory: String?,
    streams: [ChildStream], onExit: @escaping (ProcessHandle.Exit?) -> Void
  ) throws(UVError) -> Spawned {
    try Self.check(program, arguments, environment, directory)
    // Ours are closed unless a transport takes them, the child's always: it has its own by then.
    var ours: [Int32] = [-1, -1, -1]
    var theirs: [Int32] = [-1, -1, -1]
    var borrowed: Set<Int32> = [-1, 0, 1, 2]
    defer {
      for descriptor in Set(ours + theirs) where !borrowed.contains(descriptor) {
        fluv_descriptor_close(descriptor)
      }
    }
    for (number, stream) in streams.enumerated().prefix(3) {
      switch stream {
      case .inherited: theirs[number] = number.int32
      case .null: break
      case .pipe:
        var ends: [Int32] = [-1, -1]
        try UVError.check(unsafe fluv_pipe_pair(&ends), "pipe to \(program)")
        (ours[number], theirs[number]) = number == 0 ? (ends[1], ends[0]) : (ends[0], ends[1])
      case .descriptor(let descriptor):
        guard descriptor >= 0 else {
          throw UVError(
            code: UVError.invalidArgument.code, context: "descriptor \(descriptor)")
        }
        theirs[number] = descriptor
        borrowed.insert(descriptor)
      case .standardOutput:
        guard number == 2 else {
          throw UVError(
            code: UVError.invalidArgument.code, context: "only standard error follows the output")
        }
        theirs[2] = theirs[1]
      }
    }
    let handle = try ProcessHandle(
      ProcessHandle.Options(
        file: program, arguments: arguments,
        environment: environment.map { $0.map { "\($0.key)=\($0.value)" }.sorted() },
        directory: directory, descriptors: (theirs[0], theirs[1], theirs[2])),
      on: self, onExit: onExit)
    do throws(UVError) {
      var pipes: [PipeTransport?] = [nil, nil, nil]
      for (number, descriptor) in ours.enumerated() where descriptor >= 0 {
        ours[number] = -1
        pipes[number] = try PipeTransport(adopting: descriptor, on: self)
      }
      return (handle, pipes)
    } catch {
      // It runs already, and nobody could talk to it.
      try? handle.kill(9)
      throw error
    }
  }

  private static func check(
    _ program: String, _ arguments: [String], _ environment: [String: String]?,
    _ directory: String?
  ) throws(UVError) {
    func refuse(_ what: String) -> UVError {
      UVError(code: UVError.invalidArgument.code, context: what)
    }
    if program.isEmpty { throw refuse("a program without a name") }
    if let directory, directory.isEmpty { throw refuse("a directory without a name") }
    let names = environment.map { Array($0.keys) } ?? []
    for name in names where name.isEmpty || name.utf8.contains(UInt8(ascii: "=")) {
      throw refuse("environment variable \(name.debugDescription)")
    }
    let values = environment.map { Array($0.values) } ?? []
    for text in [program] + arguments + names + values + [directory ?? ""]
    where text.utf8.contains(0) {
      throw refuse("a NUL in \(text.debugDescription)")
    }
  }
}
