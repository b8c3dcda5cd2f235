import CheckRows
import Fluvial
import TestSupport

/// L5: the example that puts a crowd into the chat server, as a user runs it.
func chatCrowd(_ check: Check, _ options: CheckOptions) throws -> CheckRow {
  let seconds = options.pick(quick: 4, full: 30, soak: 600)
  // The slow one must have been said more than two kernels and its queue hold: a small queue where there is little time.
  let arguments = options.pick(
    quick: [
      "--idle", "10", "--talkers", "20", "--rate", "100", "--longest", "1900", "--vanishing", "1",
      "--queue", "64",
    ],
    full: ["--idle", "150", "--talkers", "50", "--vanishing", "5", "--rate", "8"],
    soak: ["--idle", "150", "--talkers", "50", "--vanishing", "5"])
  let program = try BuiltProducts.executable("chat-load")
  let output = try EventLoop.run {
    try await withProcess(
      program, ["--seconds", "\(seconds)", "--delay", "1000"] + arguments, input: .null,
      output: .pipe
    ) { process in
      let lines = try await process.standardOutput?.readToEnd() ?? []
      let exit = try await process.wait()
      return (text: String(decoding: lines, as: UTF8.self), isGood: exit.isSuccess)
    }
  }
  let lines = output.text.split(separator: "\n").map { $0.drop { $0 == " " } }
  let told =
    output.isGood ? lines.filter { $0.hasPrefix("ok") } : lines.filter { $0.hasPrefix("FAIL") }
  return check.row(
    held: output.isGood && !told.isEmpty,
    figure: told.map { $0.drop { $0 != " " }.drop { $0 == " " } }.joined(separator: "; "),
    threshold: "one sequence for all who stayed, the slow one dropped at the cap, no one else")
}
