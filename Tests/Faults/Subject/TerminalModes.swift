import Fluvial
import FluvialTransports
import Glibc

/// Sets raw mode and says whether the terminal is in it, and whether it was put back.
func tryTerminal() async throws {
  guard let loop = EventLoop.current else { return }
  let before = isCanonical()
  do {
    let opened = try await loop.openTTY { Silent() }
    let terminal = opened.value.transport
    do {
      try terminal.setMode(.raw)
      say("mode set \(isCanonical() ? "cooked" : "raw")")
      try terminal.setMode(.cooked)
    } catch { say("mode error \(error.name) \(isCanonical() == before ? "unchanged" : "changed")") }
    terminal.close()
  } catch { say("open error \(describe(error))") }
  say("left \(isCanonical() == before ? "as it was" : "changed")")
}

private func isCanonical() -> Bool {
  var attributes = termios()
  _ = unsafe tcgetattr(0, &attributes)
  return attributes.c_lflag & tcflag_t(ICANON) != 0
}

private final class Silent: TerminalProtocol {}
