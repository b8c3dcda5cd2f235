import CheckRows
import Glibc

// The limit is the system's for one process; the thousands of connections here need it all.
raiseDescriptorLimit()
let words = Array(CommandLine.arguments.dropFirst())
if words.first == "peer" {
  // The other side of the traffic, in a process of its own.
  exit(PeerProgram.run(Array(words.dropFirst())))
}
// Load held: nothing lost, reordered or doubled, and memory that stays.
CheckProgram.main([
  Check("L1", "connections in one burst, an echo each, all closed", within: 120, burst),
  Check("L2", "idle pairs in one process, a heartbeat each", within: Soak.idle.limit, idlePairs),
  Check("L3", "1,000 connections, mixed sizes, both ways", within: Soak.traffic.limit, traffic),
  Check("L4", "200 connections, mixed sizes, both ways", within: 300, shortTraffic),
  Check("L5", "a chat room with one who is slow and some who vanish", within: 1_200, chatCrowd),
  Check("L6", "a unix socket, a child's pipes and a pseudo-terminal", within: 120, otherKinds),
  Check("L7", "as L3 for twelve hours", within: Soak.traffic.limit, longTraffic),
])
