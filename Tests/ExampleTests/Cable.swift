import Glibc
import TestSupport

/// Two network namespaces with a cable between them that can be pulled: a peer then is gone without a word.
final class Cable {
  /// The address of the near end, where a server may listen.
  static let nearAddress = "10.213.7.1"

  let near: String
  let far: String

  private static let program = "/usr/sbin/ip"

  /// Whether this process may make namespaces.
  static let canBeMade: Bool = {
    let name = "fluv\(getpid())t"
    guard (try? run("netns", "add", name)) != nil else { return false }
    return (try? run("netns", "del", name)) != nil
  }()

  init() throws {
    let id = "\(getpid())"
    near = "fluv\(id)a"
    far = "fluv\(id)b"
    for name in [near, far] { try Self.run("netns", "add", name) }
    try Self.run(
      "link", "add", "fa\(id)", "netns", near, "type", "veth", "peer", "name", "fb\(id)", "netns",
      far)
    for (name, device, address) in [
      (near, "fa\(id)", Self.nearAddress), (far, "fb\(id)", "10.213.7.2"),
    ] {
      try Self.run("-n", name, "addr", "add", "\(address)/24", "dev", device)
      try Self.run("-n", name, "link", "set", device, "up")
      try Self.run("-n", name, "link", "set", "lo", "up")
    }
  }

  deinit {
    for name in [near, far] { _ = try? Self.run("netns", "del", name) }
  }

  /// Pulls the cable at its far end, where nobody gets an error for it: packets get lost, that is all.
  func pull() throws {
    // Both ends stay up and keep their routes; what they send goes nowhere.
    for (name, device, address) in [
      (near, "fa\(getpid())", "10.213.7.2"), (far, "fb\(getpid())", Self.nearAddress),
    ] {
      try Self.run(
        "-n", name, "neigh", "replace", address, "lladdr", "02:00:00:00:00:99", "dev", device,
        "nud", "permanent")
    }
  }

  /// What runs a program at one end: the path of a program and the words before its own.
  static func runner(at end: String, _ program: String, _ arguments: [String]) -> (
    program: String, arguments: [String]
  ) {
    (Self.program, ["netns", "exec", end, program] + arguments)
  }

  @discardableResult
  private static func run(_ words: String...) throws -> String {
    let outcome = try PipedProgram.run(program, words)
    guard outcome.ending == .exited(0) else {
      throw HarnessError("ip \(words.joined(separator: " ")): \(outcome.error)")
    }
    return outcome.output
  }
}
