import TestSupport
import Testing

/// What every program here has in common.
@Suite struct ProgramConventionTests {
  static let programs = [
    "calculator", "chat-client", "chat-load", "chat-server", "echo-server", "http-get", "pipeline",
    "port-scan", "stdin-delay", "tcp-proxy",
  ]

  @Test(arguments: programs)
  func `--help says what it is, and how it is used`(name: String) throws {
    let outcome = try run(name, "--help")
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output.hasPrefix("OVERVIEW: "))
    #expect(outcome.output.contains("USAGE: \(name)"))
    #expect(outcome.error == "")
  }

  @Test(arguments: programs)
  func `--version prints a version and nothing else`(name: String) throws {
    let outcome = try run(name, "--version")
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    #expect(outcome.error == "")
  }

  @Test(arguments: programs)
  func `a flag that nobody knows is named, on standard error, with 64`(name: String) throws {
    let needed = [
      "http-get": ["127.0.0.1"], "port-scan": ["127.0.0.1"], "tcp-proxy": ["127.0.0.1", "1"],
    ]
    let outcome = try PipedProgram.run(
      BuiltProducts.executable(name), (needed[name] ?? []) + ["--no-such-flag"])
    // Every word of a pipeline is for its programs: there is none of that name.
    #expect(outcome.ending == .exited(name == "pipeline" ? 69 : 64))
    #expect(outcome.error.contains("--no-such-flag"))
    #expect(outcome.output == "")
  }

  @Test(arguments: programs, ["bash", "zsh", "fish"])
  func `completions are there for the usual shells`(name: String, shell: String) throws {
    let outcome = try run(name, "--generate-completion-script", shell)
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output.contains(name))
  }

  @Test(arguments: ["echo-server", "calculator", "tcp-proxy"])
  func `a port in use is a sentence with the address, and 69`(name: String) throws {
    let taken = try ServerProgram("echo-server")
    let target = name == "tcp-proxy" ? ["127.0.0.1", "1"] : []
    let outcome = try PipedProgram.run(
      BuiltProducts.executable(name), ["--port", "\(taken.port)"] + target)
    #expect(outcome.ending == .exited(69))
    #expect(outcome.error.hasPrefix("\(name): "))
    #expect(outcome.error.contains("127.0.0.1:\(taken.port)"))
    #expect(outcome.output == "")
  }

  private func run(_ name: String, _ arguments: String...) throws -> PipedProgram.Outcome {
    try PipedProgram.run(BuiltProducts.executable(name), arguments)
  }
}
