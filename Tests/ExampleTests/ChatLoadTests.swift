import TestSupport
import Testing

@Suite struct ChatLoadTests {
  @Test func `a crowd reads one sequence, without the one that does not read`() throws {
    // The full measure is a minute of 251 clients: `swift run -c release chat-load`.
    var outcome = try run(seconds: BuildKind.isSanitized ? 30 : 6)
    // On a machine that is busy too little is said in the time to fill what the kernel holds for the one who does not read.
    if outcome.output.contains("FAIL  who never reads was kept") { outcome = try run(seconds: 40) }
    #expect(outcome.ending == .exited(0), "\(outcome.output)\(outcome.error)")
  }

  private func run(seconds: Int) throws -> PipedProgram.Outcome {
    try PipedProgram.run(
      BuiltProducts.executable("chat-load"),
      [
        "--seconds", "\(seconds)", "--idle", "10", "--talkers", "30", "--rate", "150", "--longest",
        "2000", "--queue", "16", "--delay", "5000",
        // Sanitizers keep what was freed.
        "--growth", BuildKind.isSanitized ? "1000000" : "4096",
      ], within: .seconds(100))
  }
}
