import CTestSupport
import Glibc

/// The leader of a session that runs the probe in another process group, as a shell does.
///
/// `behind`: the probe starts in the background. `overtaken`: it gets the foreground, is stopped, and before it goes on
/// the leader takes the foreground back and turns echo off, as a program that runs there now might have done.
enum Leader: String {
  case behind
  case overtaken

  /// Returns what the probe exited with.
  func run(_ words: [String]) -> Int32 {
    let probe = start(words)
    if self == .overtaken {
      waitForStop(of: probe)
      takeForeground(probe)
      kill(probe, SIGCONT)
      waitForStop(of: probe)
      takeForeground(getpgrp())
      turnEchoOff()
      kill(probe, SIGCONT)
    }
    var status: Int32 = 0
    unsafe waitpid(probe, &status, 0)
    return status >> 8
  }

  private func start(_ words: [String]) -> pid_t {
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe []
    for word in ["terminal-guard-probe"] + words { unsafe arguments.append(strdup(word)) }
    unsafe arguments.append(nil)
    let pid = unsafe fts_spawn_in_group("/proc/self/exe", arguments)
    if pid < 0 { exit(71) }
    return pid
  }

  private func waitForStop(of probe: pid_t) {
    var status: Int32 = 0
    unsafe waitpid(probe, &status, WUNTRACED)
    if status & 0xff != 0x7f { exit(72) }
  }

  /// Blocks SIGTTOU, as a shell does, because the leader itself may be behind.
  private func takeForeground(_ group: pid_t) {
    var blocked = sigset_t()
    unsafe sigemptyset(&blocked)
    unsafe sigaddset(&blocked, SIGTTOU)
    unsafe pthread_sigmask(SIG_BLOCK, &blocked, nil)
    if tcsetpgrp(STDIN_FILENO, group) != 0 { exit(73) }
  }

  private func turnEchoOff() {
    var attributes = termios()
    unsafe tcgetattr(STDIN_FILENO, &attributes)
    attributes.c_lflag = tcflag_t(ICANON | ISIG | IEXTEN)
    unsafe tcsetattr(STDIN_FILENO, TCSANOW, &attributes)
  }
}
