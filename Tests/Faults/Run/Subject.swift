import CFaultKit
import Fluvial
import FluvialPrimitives
import FluvialTransports
import Glibc

/// A program that has faults put into it, what it says, and a line to it for orders.
///
/// On the driver's loop.
final class Subject: Sendable {
  let child: ChildProcess
  let output = Said()
  let complaints = Said()
  let port: Int
  private let page: FaultPage?
  private let rules: [String]
  private let orders: (reader: StreamReader, writer: StreamWriter)
  private let orderly = Lock(false)

  fileprivate init(
    _ child: ChildProcess, page path: String?, control: String, rules: [String]
  ) async throws {
    self.child = child
    self.rules = rules
    output.listen(to: child.standardOutput)
    complaints.listen(to: child.standardError)
    let ready = try await output.wait(for: "ready ")
    port = Int(ready.dropFirst(6)) ?? 0
    page = path.flatMap { FaultPage(path: $0) }
    orders = try await openConnection(unixPath: control)
  }

  var process: Int32 { child.processID }

  /// Sends an order, and returns the answer.
  func order(_ order: String) async throws -> String {
    try await orders.writer.writeLine(order)
    guard let answer = try await orders.reader.readLine() else {
      throw Broken("the subject hung up at \(order)")
    }
    return answer
  }

  func expect(_ answer: String, to order: String) async throws {
    let given = try await self.order(order)
    try demand(given == answer, "\(order): \(given) instead of \(answer)")
  }

  // MARK: The shim

  /// How often each rule has fired, by its text without options; both ways of writing are one.
  var fired: [String: UInt64] {
    var fired: [String: UInt64] = [:]
    for (index, rule) in rules.enumerated() {
      let words = rule.split(separator: ":").prefix(2)
      let name = words.joined(separator: ":").replacing("writev", with: "write")
      fired[name, default: 0] += page?.fired(index) ?? 0
    }
    return fired
  }

  var strikes: UInt64 { fired.values.reduce(0, +) }

  func setFaults(on isOn: Bool) {
    for index in rules.indices { page?.enable(index, isOn) }
  }

  // MARK: Costs

  var descriptors: Int { Int(fkit_descriptor_count(process)) }

  /// In seconds, of all its threads.
  var cpu: Double { Double(fkit_cpu_time(process)) / 1e9 }

  /// Waits for descriptors that are on their way out.
  func expectDescriptors(_ count: Int) async throws {
    try await waitUntil("\(count) descriptors, there are \(descriptors)", within: .seconds(5)) {
      descriptors == count
    }
  }

  // MARK: The end

  /// Ends it in good order: nothing is left, and the status is 0.
  fileprivate func stop() async throws {
    try await expect("ok", to: "stop")
    orders.writer.close()
    _ = try await withTimeout(.seconds(20)) { [child] in try await child.wait() }
    try demand(child.exit?.isSuccess == true, "the subject \(child.exit.map { "\($0)" } ?? "runs")")
    let last = try await output.wait(for: "ended ")
    try demand(last == "ended 0", "left behind: \(last)")
  }

  fileprivate func drop() async {
    orders.writer.abort()
    child.kill()
    _ = try? await child.wait()
  }
}

/// A subject that serves for the time of `body`; it must end in good order, unless `survives` is false.
func withSubject<Result: Sendable>(
  _ round: Round, _ rules: [String] = [], host: String = "127.0.0.1", within wrapper: [String] = [],
  survives: Bool = true, _ body: (Subject) async throws -> Result
) async throws -> Result {
  let folder = try TemporaryFolder()
  let page = rules.isEmpty ? nil : "\(folder.path)/page"
  let command =
    wrapper + ["\(round.kit.folder)/fault-subject", "serve", "\(folder.path)/control", host]
  let child = try await startProcess(
    command[0], Array(command.dropFirst()),
    environment: environment(round, rules, page: page), output: .pipe, error: .pipe)
  let subject: Subject
  do {
    subject = try await Subject(child, page: page, control: "\(folder.path)/control", rules: rules)
  } catch {
    child.kill()
    _ = try? await child.wait()
    throw error
  }
  do {
    let result = try await body(subject)
    if survives { try await subject.stop() }
    return result
  } catch {
    await subject.drop()
    let last = subject.complaints.lines.suffix(2).joined(separator: " | ")
    throw Broken("\(error)\(last.isEmpty ? "" : " [\(last)]")")
  }
}

/// What a program with these faults in it finds in its environment.
func environment(_ round: Round, _ rules: [String], page: String?) -> [String: String] {
  var all = ["SWIFT_BACKTRACE": "enable=no"]
  for name in ["PATH", "HOME", "LANG", "LLVM_PROFILE_FILE"] {
    if let value = unsafe getenv(name) { all[name] = unsafe String(cString: value) }
  }
  guard !rules.isEmpty else { return all }
  all["LD_PRELOAD"] = round.kit.shim
  all["FAULTS"] =
    (["seed=\(round.seed)"] + (page.map { ["report=\($0)"] } ?? []) + rules).joined(separator: ";")
  return all
}

/// The lines that a stream has carried so far.
final class Said: Sendable {
  private let kept = Lock<[String]>([])

  var lines: [String] { kept.withLock { $0 } }

  func listen(to reader: StreamReader?) {
    guard let reader else { return }
    Task(executorPreference: reader.loop.taskExecutor) { [self] in
      while let line = try await reader.readLine() { kept.withLock { $0.append(line) } }
    }
  }

  func count(_ part: String) -> Int { lines.count { $0.contains(part) } }

  /// The first line that begins so.
  func wait(for start: String, within limit: Duration = .seconds(20)) async throws -> String {
    try await waitUntil("a line \(start)…, there is \(lines.suffix(3))", within: limit) {
      lines.contains { $0.hasPrefix(start) }
    }
    return lines.first { $0.hasPrefix(start) } ?? ""
  }
}

/// The page of a shim; open as long as this lives.
@safe
final class FaultPage: @unchecked Sendable {
  // Shared memory that is read and written one word at a time.
  private let page: UnsafeMutableRawPointer

  init?(path: String) {
    guard let page = unsafe fkit_page_open(path) else { return nil }
    unsafe self.page = page
  }

  deinit { unsafe fkit_page_close(page) }

  func fired(_ rule: Int) -> UInt64 { unsafe fkit_page_fired(page, Int32(rule)) }

  /// Whether the last allocation that failed was to make a block longer.
  func wasGrowing(_ rule: Int) -> Bool { unsafe fkit_page_detail(page, Int32(rule)) == 1 }

  func enable(_ rule: Int, _ isOn: Bool) {
    unsafe fkit_page_enable(page, Int32(rule), isOn ? 1 : 0)
  }
}

/// A folder of its own, which goes with this object; what is in it is removed too.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/faults.XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw Broken("no temporary folder") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in ["page", "control", "trace"] { unsafe unlink("\(path)/\(name)") }
    unsafe rmdir(path)
  }
}
