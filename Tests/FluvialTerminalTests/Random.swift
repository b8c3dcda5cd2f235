/// A small random generator whose whole state is its seed, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Whether an event that happens once in `count` times happens now.
  mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

  /// Scalars chosen to be troublesome: controls, marks, joiners, flags, emoji, bidi, and plain letters.
  mutating func hostileScalar() -> Unicode.Scalar {
    let picks: [ClosedRange<UInt32>] = [
      0x61...0x7A, 0x20...0x20, 0x00...0x1F, 0x7F...0x9F, 0x300...0x310, 0x200B...0x200F,
      0x2028...0x202E, 0x2066...0x2069, 0x1F1E6...0x1F1EA, 0x1F466...0x1F469, 0x1F3FB...0x1F3FF,
      0x4E00...0x4E10, 0x1100...0x1112, 0x1161...0x1170, 0x11A8...0x11B0, 0xFE00...0xFE0F,
      0x915...0x93F, 0xFEFF...0xFEFF, 0xE0020...0xE007F, 0x0...0x10FFFF,
    ]
    while true {
      let range = picks[Int.random(in: 0..<picks.count, using: &self)]
      if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &self)) { return scalar }
    }
  }

  mutating func hostileText(upTo count: Int) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0...count, using: &self) {
      text.unicodeScalars.append(hostileScalar())
    }
    return text
  }

  mutating func bytes(upTo count: Int) -> [UInt8] {
    (0..<Int.random(in: 0...count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self)
    }
  }
}

/// Whether `scalar` may reach a terminal as text.
func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069,
    0xFEFF:
    false
  default: true
  }
}

/// A parameter of a repeated random test.
let seeds: Range<UInt64> = 1..<33
