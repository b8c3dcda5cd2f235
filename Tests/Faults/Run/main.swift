import CheckRows
import Glibc

// Puts each fault of the table into the library, and says what became of it, one row each.

let options = Options(CommandLine.arguments)
var report = CheckReport()
let everything =
  maskedRows + connectionRows + acceptRows + startRows + memoryRows + networkRows + peerRows
for row in everything.sorted(by: { $0.number < $1.number }) where options.includes(row.number) {
  report.add(row.run(seeds: options.seeds, isQuick: options.isQuick, kit: options.kit))
}
exit(report.exitStatus)
