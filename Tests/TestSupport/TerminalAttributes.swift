package import Glibc

/// What `tcgetattr` says of a terminal, comparable as a whole.
package struct TerminalAttributes: Equatable, Sendable, CustomStringConvertible {
  package var input: tcflag_t
  package var output: tcflag_t
  package var control: tcflag_t
  package var local: tcflag_t
  package var characters: [cc_t]
  package var speeds: [speed_t]

  /// Reads the attributes of an open terminal.
  package init(of descriptor: Int32) throws(HarnessError) {
    var raw = termios()
    guard unsafe tcgetattr(descriptor, &raw) == 0 else {
      throw HarnessError("Reading the terminal's attributes failed with errno \(errno).")
    }
    input = raw.c_iflag
    output = raw.c_oflag
    control = raw.c_cflag
    local = raw.c_lflag
    characters = unsafe withUnsafeBytes(of: raw.c_cc) { unsafe Array($0) }
    speeds = [cfgetispeed(in: raw), cfgetospeed(in: raw)]
  }

  /// Whether every one of `flags` is set in the local modes.
  package func hasLocal(_ flags: Int32) -> Bool { local & tcflag_t(flags) == tcflag_t(flags) }

  /// Whether every one of `flags` is set in the input modes.
  package func hasInput(_ flags: Int32) -> Bool { input & tcflag_t(flags) == tcflag_t(flags) }

  /// Whether every one of `flags` is set in the output modes.
  package func hasOutput(_ flags: Int32) -> Bool { output & tcflag_t(flags) == tcflag_t(flags) }

  package var description: String {
    let flags = [input, output, control, local].map { String($0, radix: 8) }
    return "iflag, oflag, cflag, lflag \(flags), characters \(characters)"
  }
}

private func cfgetispeed(in raw: termios) -> speed_t {
  var raw = raw
  return unsafe Glibc.cfgetispeed(&raw)
}

private func cfgetospeed(in raw: termios) -> speed_t {
  var raw = raw
  return unsafe Glibc.cfgetospeed(&raw)
}
