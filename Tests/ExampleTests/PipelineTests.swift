import TestSupport
import Testing

/// Children whose streams are chained.
@Suite struct PipelineTests {
  @Test func `each program's output is the next one's input`() throws {
    let outcome = try run("--count", "seq", "1000", "+", "grep", "7", "+", "wc", "-l")
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output.split(separator: "\n").map { $0.drop { $0 == " " } } == ["271"])
    #expect(outcome.error == "3893 bytes to grep\n1064 bytes to wc\n")
  }

  @Test func `the first program has this one's input`() throws {
    let outcome = try run("cat", "+", "tr", "a-z", "A-Z", input: "hello\n")
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output == "HELLO\n")
    #expect(outcome.error == "")
  }

  @Test func `ten megabytes go through whole`() throws {
    let outcome = try run("head", "-c", "10000000", "/dev/zero", "+", "cat", "+", "wc", "-c")
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output.contains("10000000"))
  }

  @Test func `a program that has enough ends those before it`() throws {
    let outcome = try run("yes", "+", "cat", "+", "head", "-1")
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output == "y\n")
    #expect(outcome.error == "")
  }

  @Test func `the last program's status is the pipeline's`() throws {
    #expect(try run("true", "+", "false").ending == .exited(1))
    #expect(try run("false", "+", "true").ending == .exited(0))
    #expect(try run("sh", "-c", "kill -9 $$").ending == .exited(137))
  }

  @Test func `a program that does not exist is named, and 69`() throws {
    let outcome = try run("true", "+", "no-such-program")
    #expect(outcome.ending == .exited(69))
    #expect(outcome.error.contains("no-such-program"))
  }

  @Test(arguments: [[], ["seq", "3", "+"], ["+", "cat"]])
  func `a missing program is wrong usage`(words: [String]) throws {
    let outcome = try PipedProgram.run(BuiltProducts.executable("pipeline"), words)
    #expect(outcome.ending == .exited(64))
    #expect(outcome.error.contains("A program is missing"))
  }

  private func run(_ words: String..., input: String = "") throws -> PipedProgram.Outcome {
    try PipedProgram.run(BuiltProducts.executable("pipeline"), words, input: input)
  }
}
