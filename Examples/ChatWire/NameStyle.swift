/// How a client shows names: each in one of a few colours, and one's own noticed.
public enum NameStyle {
  /// How many colours there are to choose from.
  public static let colorCount = 6

  /// The colour of a name, from 0 to 5.
  ///
  /// The same for every spelling of a name, and the same tomorrow: unlike `Hasher`, FNV-1a has no
  /// seed that changes with each run.
  public static func color(of name: String) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.caseFolded.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    // Both halves folded: alone, neither spreads short names over all the colours.
    return Int((hash ^ (hash >> 32)) % UInt64(colorCount))
  }
}

extension UserName {
  /// Whether a text names this user, in any case, as a word of its own.
  ///
  /// A full stop or a dash after the name does not hide it; "anna" and "ann-marie" do not name
  /// "ann".
  public func isMentioned(in text: String) -> Bool {
    var word = String.UnicodeScalarView()
    for scalar in text.caseFolded.unicodeScalars {
      if scalar.isAllowedInName {
        // Signs before a word are not part of it: no name starts with one.
        if !word.isEmpty || scalar.isLetterOrDigit { word.append(scalar) }
      } else {
        if names(word) { return true }
        word.removeAll(keepingCapacity: true)
      }
    }
    return names(word)
  }

  private func names(_ word: String.UnicodeScalarView) -> Bool {
    var rest = word[...]
    while let last = rest.last {
      // The word may end in signs that belong to the sentence, or to the name.
      if String(rest) == key { return true }
      guard last == "." || last == "-" || last == "_" else { return false }
      rest.removeLast()
    }
    return false
  }
}
