import FluvialTerminal

/// A terminal of which only the escape sequences exist that a prompt screen may use.
///
/// Anything else that it is sent is remembered as a fault.
struct FakeTerminal {
  private(set) var columns: Int
  private(set) var rows: Int
  /// The cells of each row; the second half of a wide character is an empty string.
  private(set) var cells: [[String]]
  /// Rows that scrolled out, as text.
  private(set) var history: [String] = []
  private(set) var row = 0
  private(set) var column = 0
  private(set) var modes: Set<String> = ["?25"]
  private(set) var bells = 0
  private(set) var faults: [String] = []
  private(set) var styles: [String] = []
  private var wrapsNext = false
  private let joinsClusters: Bool

  /// Creates an empty terminal; one that does not join clusters draws the parts of an emoji side by side.
  init(columns: Int, rows: Int, joinsClusters: Bool = true) {
    self.joinsClusters = joinsClusters
    self.columns = columns
    self.rows = rows
    cells = Array(repeating: Array(repeating: " ", count: columns), count: rows)
  }

  var text: [String] { cells.map { Self.text($0) } }

  /// What can be read in all, scrolled out or not, without the input row and empty rows.
  var transcript: [String] { (history + text.dropLast()).filter { !$0.isEmpty } }

  var inputRow: String { text.last ?? "" }

  /// Another size, with the rows kept at the bottom and cut at the right.
  mutating func resize(columns: Int, rows: Int) {
    var kept = cells.suffix(rows).map { row in
      Array((row + Array(repeating: " ", count: columns)).prefix(columns))
    }
    row = max(0, min(row - (self.rows - kept.count), rows - 1))
    while kept.count < rows { kept.append(Array(repeating: " ", count: columns)) }
    cells = kept
    column = min(column, columns - 1)
    self.columns = columns
    self.rows = rows
    wrapsNext = false
  }

  mutating func receive(_ bytes: [UInt8]) { receive(String(decoding: bytes, as: UTF8.self)) }

  mutating func receive(_ output: String) {
    var scalars = output.unicodeScalars[...]
    var plain = String.UnicodeScalarView()
    while let scalar = scalars.popFirst() {
      guard scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value else {
        plain.append(scalar)
        continue
      }
      draw(String(plain))
      plain = String.UnicodeScalarView()
      switch scalar {
      case "\r": moveTo(row, 0)
      case "\n": lineFeed()
      case "\u{7}": bells += 1
      case "\u{1B}" where scalars.first == "[":
        scalars.removeFirst()
        var body = ""
        while let next = scalars.popFirst() {
          body.unicodeScalars.append(next)
          if 0x40...0x7E ~= next.value { break }
        }
        control(body)
      default: faults.append("control \(scalar.value)")
      }
    }
    draw(String(plain))
  }

  private static func text(_ row: [String]) -> String {
    var text = row.joined()
    while text.last == " " { text.removeLast() }
    return text
  }

  private mutating func control(_ body: String) {
    let parameters = body.dropLast().split(separator: ";").map { Int($0) ?? 1 }
    switch body.last {
    case "K" where body == "K": clear(row, from: column)
    case "J" where body == "J":
      clear(row, from: column)
      for below in (row + 1)..<max(rows, row + 1) { clear(below, from: 0) }
    case "H": moveTo((parameters.first ?? 1) - 1, (parameters.dropFirst().first ?? 1) - 1)
    case "C": moveTo(row, column + (parameters.first ?? 1))
    case "B": moveTo(row + (parameters.first ?? 1), column)
    case "m": styles.append(body)
    case "h" where body.first == "?": modes.insert(String(body.dropLast()))
    case "l" where body.first == "?": modes.remove(String(body.dropLast()))
    default: faults.append(body)
    }
  }

  private mutating func moveTo(_ row: Int, _ column: Int) {
    self.row = min(max(row, 0), rows - 1)
    self.column = min(max(column, 0), columns - 1)
    wrapsNext = false
  }

  private mutating func clear(_ row: Int, from column: Int) {
    for index in column..<columns { cells[row][index] = " " }
  }

  private mutating func lineFeed() {
    wrapsNext = false
    if row < rows - 1 {
      row += 1
      return
    }
    history.append(Self.text(cells.removeFirst()))
    cells.append(Array(repeating: " ", count: columns))
  }

  private mutating func draw(_ text: String) {
    let characters = joinsClusters ? Array(text) : text.unicodeScalars.map { Character($0) }
    for character in characters {
      let width = displayWidth(of: character)
      if width == 0 || width > columns {
        if column > 0 { cells[row][column - 1] += String(character) }
        continue
      }
      if wrapsNext || column + width > columns {
        column = 0
        lineFeed()
      }
      cells[row][column] = String(character)
      for half in 1..<max(width, 1) + 1 where half < width { cells[row][column + half] = "" }
      wrapsNext = column + width == columns
      column = wrapsNext ? columns - 1 : column + width
    }
  }
}
