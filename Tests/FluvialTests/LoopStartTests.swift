import Fluvial
import FluvialTransports
import Glibc
import StreamTestSupport
import Testing

/// What becomes of a loop for which the process has no descriptors.
@Suite struct LoopStartTests {
  @Test func `a loop that cannot start leaves no descriptor`() async {
    // In a process of its own: it takes all descriptors.
    await #expect(processExitsWith: .success) {
      // What libuv makes once and keeps.
      try EventLoop.run {}
      var taken = try takeAllDescriptors(below: 128)
      var refusals = 0
      while refusals < 10 {
        let before = openDescriptorCount()
        do {
          try EventLoop.run {}
          break
        } catch UVError.tooManyDescriptors { refusals += 1 }
        guard openDescriptorCount() == before else {
          throw TestFailure("\(openDescriptorCount() - before) left of refusal \(refusals).")
        }
        close(taken.removeLast())
      }
      // With some of those that a loop needs, but not all.
      guard (1..<10).contains(refusals) else { throw TestFailure("\(refusals) refusals.") }
    }
  }
}

/// Opens descriptors until the process may not have more.
private func takeAllDescriptors(below most: UInt) throws -> [Int32] {
  let kind = __rlimit_resource_t(7)
  var limit = rlimit()
  unsafe try #require(getrlimit(kind, &limit) == 0)
  limit.rlim_cur = most
  unsafe try #require(setrlimit(kind, &limit) == 0)
  var taken: [Int32] = []
  while true {
    let number = dup(0)
    if number < 0 { break }
    taken.append(number)
  }
  // To look into the folder of descriptors takes one.
  close(taken.removeLast())
  return taken
}
