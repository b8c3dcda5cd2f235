import Fluvial
import FluvialTransports

/// libuv's allocations fail, one in each run.
let memoryRows: [FaultRow] = [
  FaultRow(
    29, "the k-th allocation of libuv fails",
    "error or success, the loop closes; libuv's descriptor table aborts"
  ) { round in
    var fired: UInt64 = 0
    var aborts = 0
    var errors = 0
    // Until there are no more than k - 1 of them.
    for k in 1...200 {
      let outcome = try await failAllocation(k, round)
      if outcome.fired == 0 { break }
      fired += outcome.fired
      aborts += outcome.aborted ? 1 : 0
      errors += outcome.failed ? 1 : 0
    }
    return Finding(
      fired: ["alloc:ENOMEM": fired],
      figures: ["each time \(errors) errors, \(aborts) aborts"])
  }
]

private func failAllocation(
  _ k: Int, _ round: Round
) async throws -> (fired: UInt64, aborted: Bool, failed: Bool) {
  let folder = try TemporaryFolder()
  let path = "\(folder.path)/page"
  let child = try await startProcess(
    "\(round.kit.folder)/fault-subject", ["once"],
    environment: environment(round, ["alloc:ENOMEM:n=1:skip=\(k - 1)"], page: path),
    input: .null, output: .pipe, error: .pipe)
  let (output, complaints, exit) = try await withTimeout(.seconds(60)) {
    try await child.communicate()
  }
  let said = String(decoding: output, as: UTF8.self)
  guard let page = FaultPage(path: path) else { throw Broken("allocation \(k): no page") }
  let fired = page.fired(0)
  switch exit {
  case .exited(0):
    try demand(said.hasSuffix("ended 0\n"), "allocation \(k): left behind, \(said.suffix(40))")
    return (fired, false, said.contains(" error "))
  // No loop, so nothing was started.
  case .exited(1) where said.hasPrefix("failed") && said.contains("ENOMEM"):
    return (fired, false, true)
  case .signaled(Signal(rawValue: 6)) where fired == 1 && page.wasGrowing(0):
    return (fired, true, false)
  default:
    let last = String(decoding: complaints.suffix(200), as: UTF8.self)
    throw Broken("allocation \(k): \(exit), \(said.suffix(80)) \(last)")
  }
}
