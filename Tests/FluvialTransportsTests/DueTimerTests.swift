import CFluvial
import FluvialTransports
import Testing

@Suite struct DueTimerTests {
  @Test func `a turn whose timer is due as it begins does not wait for anything else`() throws {
    var callbacks = fluv_callbacks()
    unsafe callbacks.loop_timer = { _ in }
    unsafe callbacks.loop_woken = { owner in
      unsafe owner?.assumingMemoryBound(to: Bool.self).pointee = true
    }
    let table = UnsafeMutablePointer<fluv_callbacks>.allocate(capacity: 1)
    unsafe table.initialize(to: callbacks)
    let hasWaited = UnsafeMutablePointer<Bool>.allocate(capacity: 1)
    unsafe hasWaited.initialize(to: false)
    defer {
      unsafe table.deallocate()
      unsafe hasWaited.deallocate()
    }
    var opened: OpaquePointer?
    try #require(unsafe fluv_loop_open(&opened, table, hasWaited) == 0)
    let loop = unsafe try #require(unsafe opened)
    // Ends the wait that must not be.
    let address = UInt(bitPattern: loop)
    let wake = EventLoop.shared.schedule(after: .seconds(5)) {
      if let loop = unsafe OpaquePointer(bitPattern: address) { unsafe fluv_loop_wake(loop) }
    }

    unsafe fluv_loop_arm(loop, 1)
    let due = fluv_monotonic_ns() + 2_000_000
    while fluv_monotonic_ns() < due {}
    unsafe fluv_loop_turn(loop, 1)
    #expect(unsafe !hasWaited.pointee)

    wake.cancel()
    unsafe fluv_loop_begin_close(loop)
    repeat { unsafe fluv_loop_turn(loop, 0) } while unsafe fluv_loop_close(loop) < 0
  }
}
