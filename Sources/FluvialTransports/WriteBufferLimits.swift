/// How many bytes a transport may hold before writers wait, and when they go on.
///
/// asyncio's write buffer limits. Strictly more than ``high`` bytes pause, ``low`` or fewer resume.
public struct WriteBufferLimits: Hashable, Sendable {
  /// Bytes left at which a pause ends.
  public let low: Int
  /// Bytes above which writers wait.
  public let high: Int

  /// 16 KiB and 64 KiB.
  public static let `default` = WriteBufferLimits(uncheckedLow: 16 * 1024, high: 64 * 1024)

  /// 16 MiB: what the synchronous write of a transport refuses to go beyond, unless set otherwise.
  public static let defaultHardLimit = 16 * 1024 * 1024

  /// Both marks, in bytes.
  ///
  /// Throws ``UVError/invalidArgument`` when a mark is negative or `low` is above `high`.
  public init(low: Int, high: Int) throws(UVError) {
    guard low >= 0, high >= low else {
      throw UVError(
        code: UVError.invalidArgument.code, context: "write buffer limits low \(low), high \(high)")
    }
    self.init(uncheckedLow: low, high: high)
  }

  /// The high mark, in bytes; the low one is a quarter of it.
  public init(high: Int) throws(UVError) { try self.init(low: high / 4, high: high) }

  /// The low mark, in bytes; the high one is four times as much.
  public init(low: Int) throws(UVError) {
    let (high, overflow) = low.multipliedReportingOverflow(by: 4)
    try self.init(low: low, high: overflow ? .max : high)
  }

  private init(uncheckedLow low: Int, high: Int) {
    self.low = low
    self.high = high
  }
}
