#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One row of the table as a program can run it.
package struct Check: Sendable {
  package let id: String
  package let name: String
  /// After so many seconds it counts as hanging.
  let limit: @Sendable (CheckOptions) -> Int
  let run: @Sendable (CheckOptions) throws -> CheckRow

  package init(
    _ id: String, _ name: String, within limit: Int = 60,
    _ run: @escaping @Sendable (Check, CheckOptions) throws -> CheckRow
  ) {
    self.init(id, name, within: { _ in limit }, run)
  }

  /// With a limit that depends on the size.
  package init(
    _ id: String, _ name: String, within limit: @escaping @Sendable (CheckOptions) -> Int,
    _ run: @escaping @Sendable (Check, CheckOptions) throws -> CheckRow
  ) {
    self.id = id
    self.name = name
    self.limit = limit
    self.run = { options in
      try run(Check(id: id, name: name, limit: limit), options)
    }
  }

  private init(id: String, name: String, limit: @escaping @Sendable (CheckOptions) -> Int) {
    self.id = id
    self.name = name
    self.limit = limit
    run = { _ in throw CheckFailure("A row does not run itself.") }
  }

  /// The row that this check ends with.
  package func row(held: Bool, figure: String, threshold: String) -> CheckRow {
    CheckRow(id, name, held: held, figure: figure, threshold: threshold)
  }

  package func skipped(_ reason: String) -> CheckRow { CheckRow(id, name, skipped: reason) }
}

/// Runs checks, each in a process of its own, so that memory and descriptors are counted from a clean start and one that
/// traps or hangs costs one row and not the table.
package enum CheckProgram {
  /// Runs what the command line asks for; ends the process with 0, 1 when a row failed, 64 for wrong usage.
  package static func main(_ checks: [Check]) -> Never {
    let options: CheckOptions
    do { options = try CheckOptions(CommandLine.arguments.dropFirst()) } catch {
      complain("\(error) Usage: [--full | --soak] [--seed N] [--count N] [ID...]")
      exit(64)
    }
    for id in options.ids where !checks.contains(where: { $0.id == id }) {
      complain("There is no row \(id).")
      exit(64)
    }
    let chosen = checks.filter { options.ids.isEmpty || options.ids.contains($0.id) }
    if !options.isChild {
      print("seed \(options.seed)")
      fflush(nil)
    }
    var report = CheckReport()
    for check in chosen {
      if options.isChild {
        report.add(here(check, options))
      } else {
        report.add(inProcess(check, options))
      }
    }
    exit(report.exitStatus)
  }

  private static func here(_ check: Check, _ options: CheckOptions) -> CheckRow {
    // Not caught: the process ends, and who started it tells.
    alarm(UInt32(clamping: check.limit(options)))
    do { return try check.run(options) } catch {
      return check.row(held: false, figure: "\(error) (seed \(options.seed))", threshold: "")
    }
  }

  private static func inProcess(_ check: Check, _ options: CheckOptions) -> CheckRow {
    let size = options.pick(quick: "--quick", full: "--full", soak: "--soak")
    let count = options.count.map { ["--count", "\($0)"] } ?? []
    let words = [size, "--seed", "\(options.seed)"] + count + ["--here", check.id]
    do {
      let (output, status) = try OwnProcess.run(words)
      for line in output.split(separator: "\n") {
        if var row = CheckRow(line: line), row.id == check.id {
          // A sanitizer speaks at the end, by the status.
          if row.outcome == .passed, status != 0 {
            row.outcome = .failed
            row.figure += "; then status \(status)"
          }
          return row
        }
        print(line)
      }
      let ending =
        status == SIGALRM
        ? "not done within \(check.limit(options)) s" : "ended by itself with status \(status)"
      return check.row(held: false, figure: "\(ending) (seed \(options.seed))", threshold: "")
    } catch {
      return check.row(held: false, figure: "\(error)", threshold: "")
    }
  }

  private static func complain(_ sentence: String) {
    let bytes = Array((sentence + "\n").utf8)
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
  }
}
