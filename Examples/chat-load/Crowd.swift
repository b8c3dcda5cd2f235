import Fluvial

/// Everybody who is in the room during a run.
struct Crowd: Sendable {
  let port: Int
  let processID: Int32
  let idle: Int
  let talkers: Int
  let duration: Duration
  let pause: Duration
  let longest: Int
  /// How often somebody comes and is gone.
  let vanishing: Duration?

  /// What came of it.
  struct Result: Sendable {
    var digests: [Digest] = []
    var samples: [MemorySample] = []
    var linesSent = 0
    var vanished = 0
    var duration = Duration.zero
  }

  private enum Outcome: Sendable {
    case heard(Digest)
    case said(Int)
    case measured([MemorySample])
    case vanished(Int)
  }

  func run() async throws -> Result {
    let loop = EventLoop.current ?? .shared
    let clock = loop.clock
    var result = Result()
    try await withThrowingTaskGroup(of: Outcome.self) { group in
      let conductor = try await Guest.join("conductor", port: port)
      group.addTask { .heard(try await conductor.listen(since: clock.now)) }
      let slow = try DeafSocket(port: port, sending: "CONNECT slow\n")
      for number in 0..<idle {
        let guest = try await Guest.join("idle\(number)", "ping", port: port)
        group.addTask { .heard(try await guest.listen(since: clock.now)) }
      }
      var speakers: [Guest] = []
      for number in 0..<talkers {
        let guest = try await Guest.join("talker\(number)", port: port)
        speakers.append(guest)
      }
      let start = clock.now
      for guest in speakers { group.addTask { .heard(try await guest.listen(since: start)) } }
      try await conductor.say(Guest.startMark)
      let end = start.advanced(by: duration)
      group.addTask { .measured(try await MemorySample.take(of: processID, until: end)) }
      if let vanishing {
        group.addTask {
          .vanished(try await Guest.vanish(every: vanishing, until: end, port: port))
        }
      }
      for (number, guest) in speakers.enumerated() {
        let delay = pause * number / talkers
        group.addTask {
          try await clock.sleep(for: delay)
          return .said(
            try await guest.talk(from: start, until: end, pause: pause, longest: longest))
        }
      }
      var stillTalking = talkers
      while let outcome = try await group.next() {
        switch outcome {
        case .heard(let digest): result.digests.append(digest)
        case .measured(let samples): result.samples = samples
        case .vanished(let count): result.vanished = count
        case .said(let count):
          result.linesSent += count
          stillTalking -= 1
          guard stillTalking == 0 else { continue }
          result.duration = start.duration(to: clock.now)
          try await conductor.say(Guest.endMark)
        }
      }
      withExtendedLifetime(slow) {}
    }
    return result
  }
}
