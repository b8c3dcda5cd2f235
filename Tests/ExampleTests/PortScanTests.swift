import Fluvial
import TestSupport
import Testing

@testable import port_scan

/// Many attempts, never too many at a time.
@Suite struct PortScanTests {
  @Test func `open ports are printed, the others counted`() throws {
    let server = try ServerProgram("echo-server")
    let closed = try freePort()
    let outcome = try PipedProgram.run(
      BuiltProducts.executable("port-scan"),
      ["127.0.0.1", "--ports", "\(server.port),\(closed)", "--at-once", "1"])
    #expect(outcome.ending == .exited(0))
    #expect(outcome.output == "\(server.port) open\n1 open, 1 closed, 0 silent\n")
    #expect(outcome.error == "")
  }

  @Test func `on a terminal a bar shows how far it is, and is gone at the end`() throws {
    let server = try ServerProgram("echo-server")
    let terminal = try PseudoTerminal()
    let program = try terminal.spawn(
      BuiltProducts.executable("port-scan"), ["127.0.0.1", "--ports", "\(server.port)"])
    try terminal.waitFor("\(server.port) open")
    try terminal.waitFor(
      "\r[########################################] 100 %\r\u{1b}[K1 open, 0 closed")
    #expect(try terminal.wait(for: program) == .exited(0))
  }

  @Test func `never more than the limit are tried at a time`() async throws {
    let scan = Scan(host: "127.0.0.1", limit: 3, timeout: .seconds(5))
    let closed = try freePort()
    var reported = 0
    try await scan.run([Int](repeating: closed, count: 20)) { port, state in
      #expect(port == closed)
      #expect(state == .closed)
      reported += 1
    }
    #expect(reported == 20)
  }

  @Test(arguments: ["5-3", "0", "65536", "1-65536", "", "a", "1,,2", "1-2-3", "-"])
  func `ports that cannot be meant are refused`(ports: String) throws {
    #expect(PortList(argument: ports) == nil)
  }

  @Test func `ports are numbers and ranges`() {
    #expect(PortList(argument: "7,9-11")?.numbers == [7, 9, 10, 11])
  }

  @Test func `an unknown host is named, and 68`() throws {
    let outcome = try PipedProgram.run(BuiltProducts.executable("port-scan"), ["no..host"])
    #expect(outcome.ending == .exited(68))
    #expect(outcome.error.contains("no..host"))
    #expect(outcome.output == "")
  }
}
