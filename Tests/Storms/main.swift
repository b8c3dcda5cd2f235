import CheckRows

// Cancellation storms: whatever is cancelled, whenever, nothing is lost, reordered or left behind.
CheckProgram.main([
  Check("C1", "messages read by readers cancelled at drawn points", within: 1_800, cancelledReads),
  Check("C2", "writes and drains cancelled at drawn points", within: 1_800, cancelledWrites),
  Check("C3", "connects cancelled at drawn points", within: 600, cancelledConnects),
  Check("C4", "servers stopped with connections in each stage", within: 900, stoppedServers),
  Check(
    "C5", "pairs of close, cancel, end, reset and data from two threads", within: 600, racingEnds),
  Check("C6", "1,000 connections cancelled at once", within: 900, cancelledCrowds),
  Check("C7", "timeouts of 0 to 200 us around each read", within: 900, timedOutReads),
])
