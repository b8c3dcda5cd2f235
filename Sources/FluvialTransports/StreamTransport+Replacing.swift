internal import CFluvial

/// What a protocol object had not used when another one took its place.
struct WaitingInput {
  var bytes: [UInt8]
  /// The peer's end was told to the old one, and the new one must hear of it behind the bytes.
  var hasEnd: Bool
}

extension StreamTransport {
  /// Gives the callbacks from now on to another protocol object, first of all the bytes that wait.
  ///
  /// They come later, never inside of this call, and while reading is paused not before it is resumed.
  public func setProtocol(_ newProtocol: any StreamProtocol) {
    loop.checkIsolated()
    guard phase != .closed else { return }
    let rest = proto?.protocolReplaced() ?? []
    // That was the owner's code.
    guard phase != .closed else { return }
    adopt(newProtocol)
    guard phase == .open, isStarted else { return }
    let bytes = (waiting?.bytes ?? []) + rest
    guard !bytes.isEmpty || hasSeenEOF else { return }
    waiting = WaitingInput(bytes: bytes, hasEnd: hasSeenEOF)
    deliverWaitingSoon()
  }

  func deliverWaitingSoon() {
    let me = LoopBound(self, on: loop)
    loop.execute { me.value.deliverWaiting() }
  }

  /// Before everything that is read after it.
  func deliverWaiting() {
    while phase == .open, !isPaused, let input = waiting {
      guard !input.bytes.isEmpty else {
        waiting = nil
        if input.hasEnd { didReachEnd() }
        break
      }
      waiting?.bytes = []
      unsafe input.bytes.withUnsafeBufferPointer { unsafe deliverInPieces($0) }
    }
    loop.core.flushDirty()
  }

  private func deliverInPieces(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard buffered != nil else { return unsafe deliver(bytes) }
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty, phase == .open {
      // Paused or replaced in the middle: the rest waits on.
      guard !isPaused, buffered != nil else {
        waiting?.bytes = unsafe Array(rest)
        return
      }
      guard let memory = unsafe memoryForRead(), memory.count > 0 else {
        return fail(UVError.noBufferSpace)
      }
      let count = unsafe min(memory.count, rest.count)
      unsafe _ = memory.update(fromContentsOf: rest.prefix(count))
      unsafe rest = rest.dropFirst(count)
      unsafe deliver(UnsafeBufferPointer(start: memory.baseAddress, count: count))
    }
  }
}
