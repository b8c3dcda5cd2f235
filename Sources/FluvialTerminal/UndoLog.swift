/// A change of a line: some characters that took the place of others.
struct LineEdit: Sendable, Hashable {
  var position: Int
  var removed: [Character]
  var inserted: [Character]
  var cursorBefore: Int
  var cursorAfter: Int

  var changesNothing: Bool { removed.isEmpty && inserted.isEmpty }

  var inverse: LineEdit {
    LineEdit(
      position: position, removed: inserted, inserted: removed, cursorBefore: cursorAfter,
      cursorAfter: cursorBefore)
  }

  /// Leaves out the neighbours that the change did not touch.
  mutating func trim() {
    // Characters that are equal to Swift may still be spelled differently.
    func same(_ left: Character, _ right: Character) -> Bool { left.utf8.elementsEqual(right.utf8) }
    var suffix = 0
    let shorter = min(removed.count, inserted.count)
    while suffix < shorter,
      same(removed[removed.count - 1 - suffix], inserted[inserted.count - 1 - suffix])
    { suffix += 1 }
    var prefix = 0
    while prefix < shorter - suffix, same(removed[prefix], inserted[prefix]) { prefix += 1 }
    removed = Array(removed.dropLast(suffix).dropFirst(prefix))
    inserted = Array(inserted.dropLast(suffix).dropFirst(prefix))
    position += prefix
  }
}

/// The steps by which a line can go back and forth.
struct UndoLog: Sendable {
  /// How many steps are kept.
  static let limit = 200

  private var done: [[LineEdit]] = []
  private var undone: [[LineEdit]] = []

  /// Adds a change, as a step of its own or to the step before.
  mutating func record(_ edit: LineEdit, joinsLast: Bool = false) {
    guard !edit.changesNothing else { return }
    undone = []
    guard joinsLast, let last = done.indices.last else {
      done.append([edit])
      if done.count > Self.limit { done.removeFirst() }
      return
    }
    if let end = done[last].indices.last, edit.removed.isEmpty,
      done[last][end].position + done[last][end].inserted.count == edit.position
    {
      done[last][end].inserted += edit.inserted
      done[last][end].cursorAfter = edit.cursorAfter
    } else {
      done[last].append(edit)
    }
  }

  /// Takes the last step back.
  ///
  /// Returns whether there was one.
  mutating func undo(_ buffer: inout LineBuffer) -> Bool {
    guard let step = done.popLast() else { return false }
    for edit in step.reversed() { buffer.apply(edit.inverse) }
    undone.append(step)
    return true
  }

  /// Does the step again that was taken back last.
  ///
  /// Returns whether there was one.
  mutating func redo(_ buffer: inout LineBuffer) -> Bool {
    guard let step = undone.popLast() else { return false }
    for edit in step { buffer.apply(edit) }
    done.append(step)
    return true
  }
}

/// A line together with what can be undone in it.
struct EditedLine: Sendable {
  private(set) var buffer: LineBuffer
  private var log = UndoLog()

  init(_ text: String = "") { buffer = LineBuffer(text) }

  mutating func move(to position: Int) { buffer.move(to: position) }

  /// Returns whether all of `text` fitted.
  @discardableResult
  mutating func replace(_ range: Range<Int>, with text: String, joinsLast: Bool = false) -> Bool {
    let result = buffer.replace(range, with: text)
    log.record(result.edit, joinsLast: joinsLast)
    return result.isComplete
  }

  mutating func undo() -> Bool { log.undo(&buffer) }

  mutating func redo() -> Bool { log.redo(&buffer) }
}
