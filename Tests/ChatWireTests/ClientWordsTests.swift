import ChatWire
import Testing

@Suite struct ClientWordsTests {
  @Test func `a line over the limit is refused with its size in bytes`() {
    #expect(ClientWords.refusal(of: String(repeating: "x", count: 2_048)) == nil)
    #expect(
      ClientWords.refusal(of: String(repeating: "é", count: 1_050))
        == "! message too long (2100 bytes, limit 2048): not sent, ctrl-u clears")
  }

  @Test func `the client's own lines have these words`() {
    #expect(ClientWords.notConnected == "! not connected: not sent")
    #expect(
      ClientWords.connectionLost(reconnectingIn: .milliseconds(1_200))
        == "! connection lost; reconnecting in 2 s")
    #expect(ClientWords.question(lines: 5) == "send 5 lines? (y/n)")
  }
}
