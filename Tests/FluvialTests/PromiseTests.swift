import StreamTestSupport
import TestSupport
import Testing

/// The streams' larger promises, shown by a program on the public API.
@Suite struct PromiseTests {
  private func run(_ what: String) throws -> String {
    let program = try BuiltProducts.executable("stream-promises")
    let outcome = try PipedProgram.run(program, [what], within: .seconds(60))
    #expect(outcome.ending == .exited(0), "\(outcome.error)")
    return outcome.output
  }

  // X16
  @Test func `what was written in a scope arrives at a process that reads when it is over`() throws
  {
    #expect(try run("delivery").contains("the peer read 4000000 bytes"))
  }

  @Test func `a read that timed out a hundred times delivers`() throws {
    #expect(try run("timeouts") == "100 timed out, then: here at last\n")
  }

  @Test func `of writes with a time the peer gets exactly those that did not throw`() throws {
    let told = try run("cancelled-writes")
    #expect(told.contains("the peer read exactly those"), "\(told)")
  }

  @Test func `ten shutdowns return in their time`() throws {
    let told = try run("shutdown")
    let most = told.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? .max
    #expect(most < (BuildKind.isSanitized ? 3000 : 600), "\(told)")
  }
}
