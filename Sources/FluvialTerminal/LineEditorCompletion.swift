/// The question what the word before the cursor can become.
public struct CompletionRequest: Sendable, Hashable {
  /// The part of the word that is there; it begins after white space.
  public let word: String

  /// The line before the word.
  public let before: String

  /// Creates a request.
  public init(word: String, before: String) {
    self.word = word
    self.before = before
  }
}

extension LineEditor {
  /// A completion from the first press of the key until another one.
  struct Completion: Sendable {
    /// The way to go through the candidates: 1 or -1.
    let step: Int
    /// The line in which a candidate replaces the characters in `range`.
    var base: EditedLine
    var range: Range<Int>
    var candidates: [String] = []
    var isListed = false
    var chosen: Int?
  }

  /// Completes the word before the cursor with what the owner found for a ``CompletionRequest``.
  ///
  /// Candidates stand for the whole word. With one, the word becomes that; with more, the beginning that
  /// they share, a second press of the key lists them, and further ones go through them. Nothing happens if
  /// another key was pressed since the request.
  public mutating func complete(with candidates: [String]) -> [Action] {
    guard last == .completion, var current = completion, current.candidates.isEmpty else {
      return []
    }
    isChanged = false
    let usable = candidates.map { withoutControls($0) }.filter { !$0.isEmpty }
    guard let first = usable.first else {
      completion = nil
      return [.bell]
    }
    var actions: [Action] = []
    if usable.count == 1 {
      completion = nil
      if !replace(current.range, with: first) { actions = [.bell] }
    } else {
      current.candidates = usable
      if current.step < 0 {
        completion = current
        actions = cycle(-1)
      } else {
        actions = completeCommonPart(&current)
        completion = current
      }
    }
    return isChanged ? actions + [.repaint] : actions
  }

  mutating func complete(_ step: Int, continuing: Bool) -> [Action] {
    last = .completion
    guard continuing, var current = completion, !current.candidates.isEmpty else {
      return requestCompletion(step)
    }
    if step > 0, !current.isListed {
      current.isListed = true
      completion = current
      return [.list(current.candidates)]
    }
    return cycle(step)
  }

  private mutating func requestCompletion(_ step: Int) -> [Action] {
    let buffer = line.buffer
    var start = buffer.cursor
    while start > 0, !buffer.characters[start - 1].isWhitespace { start -= 1 }
    completion = Completion(step: step, base: line, range: start..<buffer.cursor)
    return [
      .complete(
        CompletionRequest(
          word: String(buffer.characters[start..<buffer.cursor]),
          before: String(buffer.characters[..<start])))
    ]
  }

  private mutating func completeCommonPart(_ current: inout Completion) -> [Action] {
    var common = Array(current.candidates[0])
    for candidate in current.candidates.dropFirst() {
      common = zip(common, candidate).prefix { $0 == $1 }.map(\.0)
    }
    guard common.count > current.range.count else { return [.bell] }
    guard replace(current.range, with: String(common)) else { return [.bell] }
    let start = current.range.lowerBound
    current.range = start..<max(line.buffer.cursor, start)
    current.base = line
    return []
  }

  private mutating func cycle(_ step: Int) -> [Action] {
    guard var current = completion, !current.candidates.isEmpty else { return [.bell] }
    let count = current.candidates.count
    let next: Int
    if let chosen = current.chosen {
      line = current.base
      next = (chosen + step + count) % count
    } else {
      next = step > 0 ? 0 : count - 1
    }
    current.chosen = next
    current.isListed = true
    completion = current
    return replace(current.range, with: current.candidates[next]) ? [] : [.bell]
  }

  private mutating func replace(_ range: Range<Int>, with text: String) -> Bool {
    line.replace(range, with: text)
  }
}
