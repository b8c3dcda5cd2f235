import CTestSupport

/// The SHA-256 of everything that went one way over one connection.
struct Checksum {
  private var sum = fts_sha256()

  init() { unsafe fts_sha256_begin(&sum) }

  mutating func add(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { part in
      unsafe fts_sha256_add(&sum, part.baseAddress, part.count)
    }
  }

  /// The digest of what was added so far; more may be added.
  func digest() -> [UInt8] {
    var copy = sum
    var digest = [UInt8](repeating: 0, count: 32)
    unsafe fts_sha256_end(&copy, &digest)
    return digest
  }
}
