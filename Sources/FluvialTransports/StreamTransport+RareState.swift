/// What few connections ever have, so that the others hold one reference for all of it, and a read looks at one.
///
/// The loop's thread.
final class RareState {
  /// Set once writing is over while reading goes on.
  var brokenWriting: BrokenWriting?
  /// Bytes of an earlier protocol object that this one has not got yet.
  var waiting: WaitingInput?
}

extension StreamTransport {
  var brokenWriting: BrokenWriting? {
    get { rare?.brokenWriting }
    set { madeRare(for: newValue)?.brokenWriting = newValue }
  }

  var waiting: WaitingInput? {
    get { rare?.waiting }
    set { madeRare(for: newValue)?.waiting = newValue }
  }

  private func madeRare<Value>(for value: Value?) -> RareState? {
    if rare == nil, value != nil { rare = RareState() }
    return rare
  }

  /// What is to happen before so many bytes, or an end, are delivered; whether they still should be.
  func isReadyForMore(_ count: Int) -> Bool {
    if waiting != nil {
      deliverWaiting()
      guard phase == .open else { return false }
    }
    if count > 0 { brokenWriting?.hasRead = true }
    return true
  }
}
