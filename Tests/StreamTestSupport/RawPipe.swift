internal import CTestSupport
internal import Fluvial

/// Both ends of a pipe without the library: blocking, and closed on exec from the start.
package func rawPipe() throws -> (reading: Int32, writing: Int32) {
  var (reading, writing): (Int32, Int32) = (-1, -1)
  try RawSocket.check(unsafe fts_pipe(&reading, &writing))
  return (reading, writing)
}
