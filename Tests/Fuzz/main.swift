import CheckRows

// Bad inputs: drawn and mutated, held against models that say the same as plainly as can be.
CheckProgram.main(
  [
    LineTarget().check, SeparatorTarget().check, ReaderTarget().check, WriteQueueTarget().check,
    WaiterTarget().check,
    Check("F5i", "the waiting read over all orders of 3 x 4 events", within: 300, allInterleavings),
    AddressTarget().check, ChatTarget().check, UnixPathTarget().check,
  ])
