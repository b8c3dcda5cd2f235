internal import CFluvial
internal import FluvialPrimitives

/// One question to the resolver; libuv holds the reference until the answer.
///
/// Binds `uv_getaddrinfo`.
@safe
final class Lookup: LoopResource {
  typealias Answer = Result<[SocketAddress], UVError>

  private var handle: OpaquePointer?
  private var onAnswer: ((Answer) -> Void)?

  /// `onAnswer` is called once, later, on the loop's thread.
  init(
    host: String?, service: String?, passive: Bool, on loop: EventLoop,
    onAnswer: @escaping (Answer) -> Void
  ) throws(UVError) {
    self.onAnswer = onAnswer
    super.init(on: loop)
    try loop.core.checkOpen()
    let owner = unsafe Unmanaged.passRetained(self)
    var opened: OpaquePointer?
    let status = unsafe Self.begin(
      host, service, passive, loop.core.handle, owner.toOpaque(), &opened)
    if status < 0 {
      unsafe owner.release()
      throw UVError(code: status, context: "resolve \(host ?? "") \(service ?? "")")
    }
    unsafe handle = opened
    loop.core.register(self)
  }

  private static func begin(
    _ host: String?, _ service: String?, _ passive: Bool, _ loop: OpaquePointer,
    _ owner: UnsafeMutableRawPointer, _ out: inout OpaquePointer?
  ) -> Int32 {
    let host = host.map { Array($0.utf8CString) }
    let service = service.map { Array($0.utf8CString) }
    return unsafe host.withOptionalPointer { host in
      unsafe service.withOptionalPointer { service in
        unsafe fluv_lookup_start(loop, host, service, passive ? 1 : 0, owner, &out)
      }
    }
  }

  /// Answers at once with ``UVError/canceled``; the thread pool is told, and its answer dropped.
  func cancel() {
    guard let running = unsafe handle, onAnswer != nil else { return }
    answer(.failure(.canceled))
    unsafe fluv_lookup_cancel(running)
  }

  package override func loopWillClose() { cancel() }

  // MARK: From libuv

  func finished(status: Int32, addresses: [SocketAddress]) {
    unsafe handle = nil
    answer(status < 0 ? .failure(UVError(code: status)) : .success(addresses))
  }

  private func answer(_ answer: Answer) {
    let report = onAnswer
    onAnswer = nil
    loop.core.unregister(self)
    report?(answer)
  }
}

extension Optional where Wrapped == [CChar] {
  fileprivate func withOptionalPointer<Result>(
    _ body: (UnsafePointer<CChar>?) -> Result
  ) -> Result {
    guard let characters = self else { return body(nil) }
    return unsafe characters.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
  }
}
