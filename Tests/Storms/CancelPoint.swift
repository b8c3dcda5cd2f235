import Fluvial

/// When a task is cancelled, as drawn.
enum CancelPoint {
  case beforeItStarts
  /// After so many turns: parked, or just resumed.
  case after(turns: Int)
  /// By another thread, whenever that comes to it.
  case fromElsewhere
  case never

  static func draw(_ random: inout some RandomNumberGenerator) -> CancelPoint {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: .beforeItStarts
    case 1...4: .after(turns: Int.random(in: 1...6, using: &random))
    case 5: .fromElsewhere
    default: .never
    }
  }

  func cancel<Value>(_ task: Task<Value, any Error>) async {
    switch self {
    case .beforeItStarts: task.cancel()
    case .after(let turns):
      for _ in 0..<turns { await Task.yield() }
      task.cancel()
    case .fromElsewhere: Task.detached { task.cancel() }
    case .never: break
    }
  }
}
