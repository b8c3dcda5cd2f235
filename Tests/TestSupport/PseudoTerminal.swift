import CTestSupport
import Glibc

/// A terminal whose keyboard and screen are in the hands of a test.
///
/// Keeps the program's side open too, so that its attributes can be read before a program starts and after it has
/// ended. Every wait has a deadline. Used by one thread.
package final class PseudoTerminal {
  /// The path of the program's side.
  package let name: String
  private let screen: ProgramOutput
  private var programSide: Int32

  /// Opens a terminal of the given size.
  package init(columns: Int = 80, rows: Int = 24) throws(HarnessError) {
    fts_ignore_broken_pipes()
    var controller: Int32 = -1
    var characters = [CChar](repeating: 0, count: 128)
    try HarnessError.check(
      unsafe fts_open_terminal(&controller, &characters, characters.count), "Opening a terminal")
    screen = ProgramOutput(descriptor: controller)
    let path = characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
    name = String(decoding: path, as: UTF8.self)
    programSide = unsafe open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
    try HarnessError.check(programSide, "Opening the program's side")
    try HarnessError.check(fts_set_non_blocking(controller), "Making the terminal non-blocking")
    try resize(columns: columns, rows: rows)
  }

  deinit { closeProgramSide() }

  /// A descriptor of the program's side; -1 after `readRest`.
  package var descriptor: Int32 { programSide }

  /// All that was written to the terminal and read so far.
  package var output: String { screen.text }

  /// The attributes now, as a program on the terminal would read them.
  package func attributes() throws(HarnessError) -> TerminalAttributes {
    try TerminalAttributes(of: programSide)
  }

  /// Starts a program with this as its controlling terminal.
  ///
  /// A stream that is not given is on the terminal.
  package func spawn(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
    input: ProgramStream = .terminal, output: ProgramStream = .terminal,
    error: ProgramStream = .terminal
  ) throws(HarnessError) -> Child {
    try Child(
      program, arguments, environment: environment, terminal: name, input: input, output: output,
      error: error)
  }

  /// Types the bytes of `text`.
  package func type(_ text: String, within limit: Duration = .seconds(10)) throws(HarnessError) {
    try type(bytes: Array(text.utf8), within: limit)
  }

  /// Types `bytes`, reading the screen while the keyboard's buffer is full.
  package func type(bytes: [UInt8], within limit: Duration = .seconds(10)) throws(HarnessError) {
    let deadline = Deadline(within: limit)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe write(screen.descriptor, $0.baseAddress, $0.count)
      }
      if count > 0 {
        rest = rest.dropFirst(count)
        continue
      }
      if errno != EAGAIN && errno != EINTR {
        throw HarnessError("Typing failed with errno \(errno).")
      }
      screen.readAvailable()
      var events = [pollfd.writing(screen.descriptor)]
      if try !deadline.wait(for: &events) { throw HarnessError("The terminal takes no input.") }
    }
  }

  /// Waits until `text` is on the screen, and returns what came before it and itself.
  ///
  /// What was returned is not found again. Throws at the deadline, quoting what there was instead.
  @discardableResult
  package func waitFor(_ text: String, within limit: Duration = .seconds(20)) throws(HarnessError)
    -> String
  {
    try screen.waitFor(text, within: limit)
  }

  /// Waits until `child` has ended, reading the screen meanwhile unless told otherwise.
  package func wait(
    for child: Child, readingScreen: Bool = true, within limit: Duration = .seconds(20)
  ) throws(HarnessError) -> Ending {
    try child.wait(reading: readingScreen ? [screen] : [], within: limit)
  }

  /// Reads the screen until nothing more can come: call it when every program has ended.
  ///
  /// Closes the program's side: attributes are read before. Returns all output.
  package func readRest(within limit: Duration = .seconds(10)) throws(HarnessError) -> String {
    closeProgramSide()
    try screen.readToEnd(within: limit)
    return output
  }

  /// Changes the size; the foreground programs get SIGWINCH if it differs.
  package func resize(columns: Int, rows: Int) throws(HarnessError) {
    try HarnessError.check(
      fts_resize(screen.descriptor, Int32(columns), Int32(rows)), "Resizing the terminal")
  }

  /// Closes the window: programs get SIGHUP and read the end of input.
  package func hangUp() {
    closeProgramSide()
    screen.close()
  }

  private func closeProgramSide() {
    if programSide >= 0 { close(programSide) }
    programSide = -1
  }
}
