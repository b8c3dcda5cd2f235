/// The name of a user, known to be valid.
///
/// Two names are equal when their compatibility forms are equal without regard to case, so that
/// "Ann", "ann" and "Ａｎｎ" are one user. Names that only look alike, in different scripts, are not
/// detected.
public struct UserName: Sendable {
  /// The name as its owner spelled it, in the composed form (NFC).
  public let text: String
  /// What decides whether two names are equal.
  public let key: String

  /// The most characters in a name.
  public static let mostCharacters = 24
  /// The most bytes of UTF-8 in a name.
  public static let mostBytes = 64
  /// The most marks on one letter that stay after composing.
  ///
  /// No script spells names with more; a pile of them reaches into the lines above and below.
  public static let mostMarks = 4

  /// Checks a name.
  ///
  /// Throws the first rule that it breaks.
  public init(_ spelling: String) throws(NameError) {
    // A giant is refused before any work is done on it; composing never shrinks text this much.
    guard spelling.utf8.count <= 4 * Self.mostBytes else { throw .tooLong }
    let text = spelling.nfc
    guard let first = text.unicodeScalars.first else { throw .empty }
    guard text.count <= Self.mostCharacters, text.utf8.count <= Self.mostBytes else {
      throw .tooLong
    }
    guard first.isLetterOrDigit else { throw .badStart }
    guard text.unicodeScalars.allSatisfy(\.isAllowedInName) else { throw .badCharacter }
    guard text.mostMarksInARow <= Self.mostMarks else { throw .tooManyMarks }
    let key = text.caseFolded
    guard !Self.reserved.contains(key) else { throw .reserved }
    self.text = text
    self.key = key
  }

  private static let reserved: Set<String> = ["server", "system"]
}

extension UserName: Hashable {
  /// Whether the two names belong to one user.
  public static func == (left: UserName, right: UserName) -> Bool { left.key == right.key }

  /// Feeds what equality looks at.
  public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

extension UserName: CustomStringConvertible {
  /// The name as its owner spelled it.
  public var description: String { text }
}

/// Why a name was refused.
public enum NameError: Error, Equatable, Sendable {
  /// There is nothing in it.
  case empty
  /// It has more than 24 characters or 64 bytes.
  case tooLong
  /// It starts with something else than a letter or a digit.
  case badStart
  /// It contains something else than letters, digits, marks, `_`, `-` and `.`.
  case badCharacter
  /// It has more than four marks on a letter.
  case tooManyMarks
  /// It would pass for the server's own.
  case reserved
}

extension NameError: CustomStringConvertible {
  /// A clause that follows "bad name: ".
  public var description: String {
    switch self {
    case .empty: "it is empty"
    case .tooLong: "at most \(UserName.mostCharacters) characters and \(UserName.mostBytes) bytes"
    case .badStart: "it must start with a letter or a digit"
    case .badCharacter: "only letters, digits and _ - . are allowed"
    case .tooManyMarks: "at most \(UserName.mostMarks) marks on a letter"
    case .reserved: "it is reserved"
    }
  }
}

extension String {
  fileprivate var mostMarksInARow: Int {
    var most = 0
    var marks = 0
    for scalar in unicodeScalars {
      marks = scalar.isMark ? marks + 1 : 0
      most = max(most, marks)
    }
    return most
  }
}

extension Unicode.Scalar {
  var isLetterOrDigit: Bool {
    // Some letters, the Hangul fillers among them, draw nothing at all.
    if properties.isDefaultIgnorableCodePoint { return false }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber:
      return true
    default:
      return false
    }
  }

  var isAllowedInName: Bool {
    if isLetterOrDigit || self == "_" || self == "-" || self == "." { return true }
    // An invisible mark would make two names that nobody can tell apart.
    return isMark && !properties.isDefaultIgnorableCodePoint
  }
}
