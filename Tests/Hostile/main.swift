import CTestSupport
import CheckRows
import Glibc

// The limit is the system's for one process; thousands of peers need more than the usual.
_ = fts_raise_descriptor_limit()
let words = Array(CommandLine.arguments.dropFirst())
if words.first == "victim" {
  // The server that all of it is done to, in a process of its own.
  exit(Victim.run(Array(words.dropFirst())))
}
// Slow and hostile peers: what they cost is bounded, and nobody else pays.
CheckProgram.main([
  Check("S1", "a peer that never reads, each way of writing that waits", within: 200, neverReads),
  Check(
    "S2", "a peer that never reads, each way of writing that does not wait", within: 100, heedless),
  Check("S3", "1,000 slow consumers at once", within: 200, slowConsumers),
  Check("S4", "a flood at a task that does not read", within: 300, floodAtSleeper),
  Check("S5", "a line without an end", within: 300, endlessLine),
  Check("S6", "slow requests beside good ones", within: 200, slowRequests),
  Check("S7", "connections that are reset at once", within: 300, resetFlood),
  Check("S8", "a whole server in 64 MB of memory during S1 to S6", within: 300, inLittleMemory),
  Check("W1", "hand-made bad input at the chat server", within: 300, wireCases),
])
