import CTestSupport
import Glibc

/// A program whose standard streams are pipes to the test.
///
/// Every wait has a deadline, and reads both outputs so that a full pipe never holds the program up. Used by one
/// thread.
package final class PipedProgram {
  /// The ending of a program and all it wrote.
  package struct Outcome: Equatable, Sendable {
    package var ending: Ending
    package var output: String
    package var error: String
  }

  private let child: Child
  private var input: Int32
  private let output: ProgramOutput
  private let error: ProgramOutput

  /// Starts `program`, with nothing on its input yet.
  package init(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:]
  ) throws(HarnessError) {
    fts_ignore_broken_pipes()
    let (inputReading, inputWriting) = try PipedProgram.pipe()
    defer { close(inputReading) }
    input = inputWriting
    let (outputReading, outputWriting) = try PipedProgram.pipe()
    defer { close(outputWriting) }
    output = ProgramOutput(descriptor: outputReading)
    let (errorReading, errorWriting) = try PipedProgram.pipe()
    defer { close(errorWriting) }
    error = ProgramOutput(descriptor: errorReading)
    for descriptor in [inputWriting, outputReading, errorReading] {
      try HarnessError.check(fts_set_non_blocking(descriptor), "Making a pipe non-blocking")
    }
    child = try Child(
      program, arguments, environment: environment, input: .descriptor(inputReading),
      output: .descriptor(outputWriting), error: .descriptor(errorWriting))
  }

  deinit { closeInput() }

  /// Runs a program to its end, giving it `text` as its whole input.
  package static func run(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
    input text: String = "", within limit: Duration = .seconds(20)
  ) throws(HarnessError) -> Outcome {
    let program = try PipedProgram(program, arguments, environment: environment)
    try program.write(text, within: limit)
    program.closeInput()
    return try program.finish(within: limit)
  }

  /// The number by which the system knows the program.
  package var processID: Int32 { child.processID }

  /// What it wrote to standard output and was read so far.
  package var outputText: String { output.text }

  /// What it wrote to standard error and was read so far.
  package var errorText: String { error.text }

  /// Writes `text` to the program's input; a program that no longer reads is no error.
  package func write(_ text: String, within limit: Duration = .seconds(20)) throws(HarnessError) {
    let deadline = Deadline(within: limit)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(input, $0.baseAddress, $0.count)
      }
      if count > 0 {
        rest = rest.dropFirst(count)
        continue
      }
      if errno == EPIPE { return }
      if errno != EAGAIN && errno != EINTR {
        throw HarnessError("Writing to the program failed with errno \(errno).")
      }
      var events: [pollfd] = [
        .writing(input), .reading(output.descriptor), .reading(error.descriptor),
      ]
      if try !deadline.wait(for: &events) { throw HarnessError("The program takes no input.") }
      output.readAvailable()
      error.readAvailable()
    }
  }

  /// Ends the program's input.
  package func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// Waits until `text` is on standard output, and returns what came before it and itself.
  @discardableResult
  package func waitForOutput(_ text: String, within limit: Duration = .seconds(20))
    throws(HarnessError) -> String
  {
    try output.waitFor(text, within: limit)
  }

  /// Waits until `text` is on standard error, and returns what came before it and itself.
  @discardableResult
  package func waitForError(_ text: String, within limit: Duration = .seconds(20))
    throws(HarnessError) -> String
  {
    try error.waitFor(text, within: limit)
  }

  /// Sends a signal to the program.
  package func signal(_ number: Int32) { child.signal(number) }

  /// Waits until the program has ended, and collects all it wrote.
  ///
  /// A descendant that keeps an output open counts as the program.
  package func finish(within limit: Duration = .seconds(20)) throws(HarnessError) -> Outcome {
    let ending = try child.wait(reading: [output, error], within: limit)
    try output.readToEnd(within: limit)
    try error.readToEnd(within: limit)
    return Outcome(ending: ending, output: output.text, error: error.text)
  }

  private static func pipe() throws(HarnessError) -> (reading: Int32, writing: Int32) {
    var reading: Int32 = -1
    var writing: Int32 = -1
    try HarnessError.check(unsafe fts_pipe(&reading, &writing), "Opening a pipe")
    return (reading, writing)
  }
}
