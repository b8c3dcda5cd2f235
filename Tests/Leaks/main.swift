import CheckRows

// What is made and ended many times over leaves nothing; and the loop's bound that timers rely on.
CheckProgram.main([
  Check("M1", "connections made, echoed through and closed", within: 600, cycledConnections),
  Check("M2", "loops made and closed, on this thread and on their own", within: 600, cycledLoops),
  Check("M3", "timers, signals and pseudo-terminals made and ended", within: 600, cycledWatchers),
  Check("M8", "a 5 ms timer under 50 tasks that are always ready", within: 60, timerUnderLoad),
])
