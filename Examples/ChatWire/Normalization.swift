// The one file that needs Foundation: the standard library compares strings by canonical
// equivalence, but offers neither their normal forms nor Unicode case folding.
import Foundation

extension String {
  /// The canonical composed form (NFC), in which a name is shown and sent.
  var nfc: String {
    isASCII ? self : precomposedStringWithCanonicalMapping
  }

  /// The compatibility form without case (NFKC of the case fold), in which names are compared.
  var caseFolded: String {
    if isASCII { return lowercased() }
    // Folding can leave a sequence that composes anew, hence the second normalisation.
    return
      precomposedStringWithCompatibilityMapping
      .folding(options: .caseInsensitive, locale: nil)
      .precomposedStringWithCompatibilityMapping
  }

  private var isASCII: Bool { utf8.allSatisfy { $0 < 0x80 } }
}
