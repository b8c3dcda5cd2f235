import Fluvial
import ProgramSupport

/// Standard output, with its errors told apart from the connection's.
struct Output: Sendable {
  let writer: StreamWriter

  /// Waits for room, so that a slow reader of ours slows the server down.
  func show(_ bytes: [UInt8]) async throws {
    do { try await writer.write(bytes) } catch let error as StreamError {
      throw Failure(showing: error)
    }
  }

  /// Waits until everything is out.
  func flush() async throws {
    do { try await writer.flush() } catch let error as StreamError {
      throw Failure(showing: error)
    }
  }
}
