import Fluvial
import TestSupport
import Testing

/// A chat client that finds nobody, and the next one.
@Suite struct ChatHostingTests {
  /// A port that nobody listens at; somebody could be faster than the test, which then fails.
  private func freePort() throws -> Int {
    try withRefusingPort { $0 }
  }

  @Test func `the first one hosts, says how to join, and the second one joins`() throws {
    let environment = ["CHAT_PORT": "\(try freePort())"]
    let ann = try ChatClientRun(["--name", "ann"], environment: environment)
    try ann.terminal.waitFor("hosting the chat here until you leave")
    try ann.terminal.waitFor("The next person joins on this machine with:  ")
    try ann.terminal.waitFor("Welcome, ann!")
    let bob = try ChatClientRun(["--name", "bob"], environment: environment)
    try bob.terminal.waitFor("Welcome, bob! 2 user(s) online")
    #expect(!bob.terminal.output.contains("hosting"))
    try bob.enter("hi ann")
    try ann.terminal.waitFor("<bob> hi ann")
    let end = try ann.leave()
    #expect(end.ending == .exited(0))
    #expect(end.isRestored)
    try bob.terminal.waitFor("* server is shutting down")
    #expect(try bob.leave().isRestored)
  }

  @Test func `a script never hosts`() throws {
    let outcome = try PipedProgram.run(
      BuiltProducts.executable("chat-client"), ["--name", "ann"],
      environment: ["CHAT_PORT": "\(try freePort())"], input: "hi\n")
    #expect(outcome.ending == .exited(69))
    #expect(outcome.error.contains("nobody listens there"))
  }

  @Test(arguments: ["0", "x", "65536"])
  func `a default port that is none is a usage error`(port: String) throws {
    let outcome = try PipedProgram.run(
      BuiltProducts.executable("chat-client"), ["--name", "ann"], environment: ["CHAT_PORT": port])
    #expect(outcome.ending == .exited(64))
  }
}
