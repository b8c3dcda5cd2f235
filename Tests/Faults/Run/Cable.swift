import CFaultKit
import Fluvial
import Glibc

/// Two network namespaces with a bad cable between them; the loop's thread is in the second meanwhile.
final class Cable: Sendable {
  /// Where the subject is, and the address by which it is reached.
  let far: String
  static let address = "10.77.0.1"
  private let near: String
  private let impair: ChildProcess

  private init(far: String, near: String, impair: ChildProcess) {
    self.far = far
    self.near = near
    self.impair = impair
  }

  /// Cuts the cable, or joins it again.
  func toggle() { impair.send(.user1) }

  /// What goes before a command that is to run at the far end.
  var wrapper: [String] { ["ip", "netns", "exec", far] }

  /// Makes the namespaces and the cable for the time of `body`; throws ``Missing`` where that cannot be done.
  static func with<Result: Sendable>(
    _ round: Round, _ properties: [String], _ body: (Cable) async throws -> Result
  ) async throws -> (Result, said: String) {
    let number = getpid()
    let (far, near) = ("faultsA\(number)", "faultsB\(number)")
    for name in [far, near] { try await ip("netns", "add", name) }
    do {
      let result = try await joined(round, far: far, near: near, properties, body)
      for name in [far, near] { try await ip("netns", "delete", name) }
      return result
    } catch {
      for name in [far, near] { try? await ip("netns", "delete", name) }
      throw error
    }
  }

  private static func joined<Result: Sendable>(
    _ round: Round, far: String, near: String, _ properties: [String],
    _ body: (Cable) async throws -> Result
  ) async throws -> (Result, said: String) {
    let impair = try await startProcess(
      round.kit.impair, [far, near, "seed=\(round.seed)"] + properties, input: .null,
      output: .pipe, error: .pipe)
    let said = Said()
    said.listen(to: impair.standardOutput)
    do { _ = try await said.wait(for: "ready", within: .seconds(5)) } catch {
      throw Missing(what: "no tun device: is /dev/net/tun there, and are we root?")
    }
    for (name, address) in [(far, Self.address), (near, "10.77.0.2")] {
      try await ip("-n", name, "address", "add", "\(address)/24", "dev", "cable")
      try await ip("-n", name, "link", "set", "cable", "up")
      try await ip("-n", name, "link", "set", "lo", "up")
    }
    guard unsafe fkit_enter_network(near) == 0 else { throw Missing(what: "no namespaces here") }
    defer { _ = fkit_enter_network(nil) }
    let cable = Cable(far: far, near: near, impair: impair)
    do {
      let result = try await body(cable)
      impair.terminate()
      _ = try await impair.wait()
      return (result, try await said.wait(for: "passed "))
    } catch {
      impair.kill()
      _ = try? await impair.wait()
      throw error
    }
  }

  /// Runs iproute2's `ip`.
  private static func ip(_ words: String...) async throws {
    let child: ChildProcess
    do {
      child = try await startProcess("ip", words, input: .null, output: .null, error: .pipe)
    } catch { throw Missing(what: "iproute2 is not installed") }
    let (_, complaint, exit) = try await child.communicate()
    guard exit.isSuccess else {
      throw Missing(what: "ip: " + String(decoding: complaint.prefix(80), as: UTF8.self))
    }
  }
}
