/// Returns how many terminal columns `text` takes, as most terminals count.
///
/// Terminals disagree about emoji sequences; see ``displayWidth(of:)-(Character)`` for the choices made here.
public func displayWidth(of text: String) -> Int {
  var width = 0
  for character in text { width += displayWidth(of: character) }
  return width
}

/// Returns how many terminal columns `character` takes: a pair of regional indicators, a character made
/// emoji by a variation selector and a sequence that starts with an emoji take two, anything else the sum
/// of its scalars.
///
/// The sum, because terminals advance per code point in the scripts of India, whatever the cluster is.
/// A control character takes none: what is drawn in its place is the business of ``SafeText``.
public func displayWidth(of character: Character) -> Int {
  let scalars = character.unicodeScalars
  guard let first = scalars.first else { return 0 }
  if scalars.index(after: scalars.startIndex) == scalars.endIndex { return columns(of: first) }
  var sum = 0
  var indicators = 0
  var hasEmojiSelector = false
  for scalar in scalars {
    sum += columns(of: scalar)
    if isRegionalIndicator(scalar) { indicators += 1 }
    if scalar == "\u{FE0F}" { hasEmojiSelector = true }
  }
  if indicators == 2 { return 2 }
  if !isRegionalIndicator(first), first.properties.isEmojiPresentation { return 2 }
  if hasEmojiSelector, first.properties.isEmoji { return 2 }
  return sum
}

/// Returns how many columns `text` takes on a terminal that treats it least kindly.
///
/// Some draw the parts of an emoji side by side: four columns for a hand with a skin tone, eight for a family.
func greatestWidth(of text: String) -> Int {
  text.reduce(0) { sum, character in
    sum
      + max(
        displayWidth(of: character), character.unicodeScalars.reduce(0) { $0 + columns(of: $1) })
  }
}

private func columns(of scalar: Unicode.Scalar) -> Int {
  let value = scalar.value
  if value < 0x7F { return value < 0x20 ? 0 : 1 }
  if value < 0xA0 { return 0 }
  let properties = scalar.properties
  switch properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format, .control: return 0
  default: break
  }
  if properties.isDefaultIgnorableCodePoint || isJoiningJamo(value) { return 0 }
  if isRegionalIndicator(scalar) { return 1 }
  return properties.isEmojiPresentation || isWide(value) ? 2 : 1
}

private func isRegionalIndicator(_ scalar: Unicode.Scalar) -> Bool {
  0x1F1E6...0x1F1FF ~= scalar.value
}

/// Vowels and final consonants, which terminals draw into the cell of the leading consonant.
private func isJoiningJamo(_ value: UInt32) -> Bool {
  0x1160...0x11FF ~= value || 0xD7B0...0xD7FB ~= value
}

private func isWide(_ value: UInt32) -> Bool {
  var low = 0
  var high = wideBlocks.count
  while low < high {
    let middle = (low + high) / 2
    let block = wideBlocks[middle]
    if value < block.lowerBound {
      high = middle
    } else if value > block.upperBound {
      low = middle + 1
    } else {
      return true
    }
  }
  return false
}

/// East Asian wide and full-width blocks, ascending.
///
/// Emoji are not listed: the standard library knows them. Gaps that Unicode has not assigned are bridged.
private let wideBlocks: [ClosedRange<UInt32>] = [
  0x1100...0x115F,  // leading jamo
  0x2329...0x232A,  // angle brackets
  0x2630...0x2637,  // trigrams
  0x268A...0x268F,  // monograms and digrams
  0x2E80...0x3029,  // radicals, ideographic punctuation
  0x3030...0x303E,
  0x3041...0x3247,  // kana, bopomofo, enclosed letters
  0x3250...0x4DBF,  // squared letters, extension A
  0x4DC0...0xA4C6,  // hexagrams, ideographs, Yi
  0xA960...0xA97C,  // more leading jamo
  0xAC00...0xD7A3,  // Hangul syllables
  0xF900...0xFAFF,  // compatibility ideographs
  0xFE10...0xFE19,  // vertical forms
  0xFE30...0xFE6B,  // compatibility and small forms
  0xFF01...0xFF60,  // full-width forms
  0xFFE0...0xFFE6,
  0x16FE0...0x16FE4,  // ideographic iteration marks
  0x16FF0...0x18D08,  // Tangut, Khitan
  0x1AFF0...0x1B2FB,  // old kana, Nushu
  0x1D300...0x1D376,  // tetragrams, counting rods
  0x1F200...0x1F265,  // squared ideographs
  0x1FA70...0x1FAFF,  // where new emoji go: later than the standard library's data
  0x20000...0x2FFFD,  // the ideographic planes
  0x30000...0x3FFFD,
]
