import Fluvial
import Glibc
import TestSupport
import Testing

@testable import calculator

/// The line-based server whose state is an actor on the loop.
@Suite struct CalculatorTests {
  @Test(arguments: [
    ("2 + 3 * 4", "14"), ("(2+3)*4", "20"), ("-2 - -3", "1"), ("7/2", "3.5"), (" 1 ", "1"),
    ("10 - 2 - 3", "5"), ("16 / 4 / 2", "2"), ("0.1 + 0.2", "0.30000000000000004"),
    ("9007199254740993", "9007199254740992.0"), ("x = 2", "x = 2"),
    ("1 / 0", "? nothing is divided by 0"), ("", "? the line ends too early"),
    ("1 +", "? the line ends too early"), ("(1", "? a ) is missing"),
    ("1 1", "? '1' was not expected"),
    ("1.2.3", "? '1' was not expected"), ("y", "? nobody has said what y is"),
    ("x = = 1", "? '=' was not expected"), ("1e5", "? 'e' was not expected"),
  ])
  func `a line has its answer`(line: String, answer: String) async throws {
    let calculator = Calculator(on: .shared)
    #expect(await calculator.answer(to: line) == answer)
  }

  @Test func `depth and size are limited`() async throws {
    let calculator = Calculator(on: .shared)
    let deep = String(repeating: "(", count: 500)
    #expect(await calculator.answer(to: deep) == "? that is too deep")
    let high = Array(repeating: "9999999999", count: 60).joined(separator: "*")
    #expect(await calculator.answer(to: high) == "? that is too large a number")
    for number in 0..<1000 { _ = await calculator.answer(to: "n\(number) = 1") }
    #expect(await calculator.answer(to: "m = 1") == "? there are 1000 names already")
    #expect(await calculator.answer(to: "n1 = 5") == "n1 = 5")
  }

  @Test func `names are everybody's, and a bad line is not the end`() throws {
    let server = try ServerProgram("calculator")
    let lines: [UInt8] =
      Array("rate = 7 / 2\n".utf8) + [0xFF, 0x0A] + Array(repeating: 0x31, count: 1500)
      + Array("\nrate\n".utf8)
    let answers = String(decoding: try server.exchange(lines), as: UTF8.self)
    #expect(
      answers == "rate = 3.5\n? that is no text\n? a line has at most 1000 bytes\n3.5\n")
    #expect(try server.exchange(Array("rate * 2".utf8)) == Array("7\n".utf8))
    let outcome = try server.stop(by: SIGTERM)
    #expect(outcome.ending == .exited(0))
    #expect(outcome.error == "")
  }
}
