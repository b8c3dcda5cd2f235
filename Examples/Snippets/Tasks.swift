import Fluvial

// Shown in "Where your task runs".

actor Scores {
  private let loop: EventLoop
  private var points: [String: Int] = [:]

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }

  init(on loop: EventLoop) { self.loop = loop }

  func add(_ name: String) { points[name, default: 0] += 1 }
}

func keepScore(of names: [String], on loop: EventLoop) -> Task<Void, Never> {
  let scores = Scores(on: loop)
  return Task(executorPreference: loop.taskExecutor) {
    for name in names { await scores.add(name) }
  }
}

func firstLine(host: String, port: Int) async throws -> String? {
  // From here on this task runs on the loop, wherever it came from.
  try await withTaskExecutorPreference(EventLoop.shared.taskExecutor) {
    try await withConnection(host: host, port: port) { reader, _ in
      try await reader.readLine()
    }
  }
}

func largestPrime(below limit: Int) async -> Int? {
  // Away from the loop for as long as it takes; the loop serves the others meanwhile.
  await withTaskExecutorPreference(globalConcurrentExecutor) {
    await searchPrimes(below: limit)
  }
}

@concurrent private func searchPrimes(below limit: Int) async -> Int? {
  (2..<max(limit, 2)).last { number in
    number < 4 || (2...Int(Double(number).squareRoot())).allSatisfy { number % $0 != 0 }
  }
}

func tick(_ times: Int) async throws {
  let clock = (EventLoop.current ?? .shared).clock
  for _ in 0..<times {
    try await clock.sleep(for: .seconds(1))
    print("tick")
  }
}
