import CTestSupport
import CheckRows

/// How long the rows are that soak: whole with `--soak`, a twentieth with `--full`, seconds otherwise.
///
/// The twentieth of L3 is one of its twenty million frames: two cores, which hash for two thirds of the time, need more
/// than a twentieth of half an hour.
enum Soak {
  case idle
  case traffic

  func duration(_ options: CheckOptions) -> Duration {
    let full: Duration =
      switch self {
      case .idle: .seconds(90)
      case .traffic: .seconds(150)
      }
    return options.pick(quick: .seconds(4), full: full, soak: .seconds(1_800))
  }

  static let twelveHours = Duration.seconds(12 * 3_600)

  var limit: @Sendable (CheckOptions) -> Int {
    { options in options.pick(quick: 120, full: 400, soak: 13 * 3_600) }
  }
}

func raiseDescriptorLimit() {
  // What the rows need and do not get, they say.
  _ = fts_raise_descriptor_limit()
}
