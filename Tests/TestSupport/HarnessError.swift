/// What a helper of the tests could not do, as a sentence.
package struct HarnessError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }

  /// Passes a status of the C helpers through, or throws what `doing` names.
  @discardableResult
  static func check(_ status: Int32, _ doing: String) throws(HarnessError) -> Int32 {
    if status < 0 { throw HarnessError("\(doing) failed with errno \(-status).") }
    return status
  }
}
