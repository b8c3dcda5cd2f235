import Fluvial
import FluvialTransports
import Glibc

// The program that the faults are put into: the library in every role, told what to do over a unix socket.
//
//   fault-subject serve CONTROL_PATH [HOST]   echoes until it is told to stop
//   fault-subject client PORT COUNT           so many connections that talk until somebody ends the process
//   fault-subject once                        a little of everything, then the end
//   fault-subject terminal                    modes of the terminal that is its standard input

let words = Array(CommandLine.arguments.dropFirst())

/// One line for whoever drives this.
func say(_ line: String) {
  print(line)
  fflush(nil)
}

do {
  switch words.first {
  case "serve" where words.count >= 2:
    try EventLoop.run {
      try await Serving(host: words.count > 2 ? words[2] : "127.0.0.1").run(control: words[1])
    }
  case "client" where words.count == 3:
    let (port, count) = (Int(words[1]) ?? 0, Int(words[2]) ?? 0)
    try EventLoop.run { try await talkForEver(port: port, connections: count) }
  case "once":
    try EventLoop.run { await LittleOfEverything().run() }
  case "terminal":
    try EventLoop.run { try await tryTerminal() }
  default:
    say("usage: fault-subject serve PATH [HOST] | client PORT COUNT | once | terminal")
    exit(64)
  }
  say("ended \(LiveObjects.count)")
} catch {
  say("failed \(error)")
  exit(1)
}
