import TestSupport
import Testing

@Suite struct ChatLoadTests {
  @Test func `a crowd reads one sequence, without the one that does not read`() throws {
    // The full measure is a minute of 251 clients: `swift run -c release chat-load`.
    let outcome = try PipedProgram.run(
      BuiltProducts.executable("chat-load"),
      [
        "--seconds", BuildKind.isSanitized ? "30" : "6", "--idle", "10", "--talkers", "30",
        "--rate", "150", "--longest", "2000",
        "--queue", "16", "--delay", "5000",
        // Sanitizers keep what was freed.
        "--growth", BuildKind.isSanitized ? "1000000" : "4096",
      ], within: .seconds(60))
    #expect(outcome.ending == .exited(0), "\(outcome.output)\(outcome.error)")
  }
}
