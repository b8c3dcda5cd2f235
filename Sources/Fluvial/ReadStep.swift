internal import FluvialTransports

/// One look at the reading side: the result, an error, or wait for more.
enum ReadStep<Value> {
  case value(Value)
  case failure(StreamError)
  case wait
  /// The stream has ended in the middle of a record; these bytes are left.
  case leftOver([UInt8])

  func atEnd(_ body: ([UInt8]) -> ReadStep) -> ReadStep {
    if case .leftOver(let bytes) = self { return body(bytes) }
    return self
  }
}

extension ReadStep {
  /// For reads to which the end of the stream alone is no result.
  func orWait<Other>() -> ReadStep<Other> where Value == Other? {
    switch self {
    case .value(let value?): .value(value)
    case .value(nil), .wait, .leftOver: .wait
    case .failure(let error): .failure(error)
    }
  }
}

extension ReaderState {
  /// What a read gets before everything that is to be skipped has come: its bytes are nobody's.
  func whileSkipping<Value>() -> ReadStep<Value> { failure.map { .failure($0) } ?? .wait }

  /// What a read gets that found too few bytes: the error, the end, or more waiting.
  func atEnd<Value>(_ end: Value?) -> ReadStep<Value?> {
    if let failure { return .failure(failure) }
    return buffer.hasEnded ? .value(end) : .wait
  }

  mutating func takeRecord<Value>(
    _ record: RecordDemand, _ overrun: StreamReader.Overrun,
    _ take: (inout ReadBuffer, _ length: Int, _ total: Int) -> Value
  ) -> ReadStep<Value> {
    var record = record
    switch buffer.find(&record) {
    case .found(let length, let total): return .value(take(&buffer, length, total))
    case .tooLong(let scanned, let total):
      if overrun == .discard { buffer.dropRecord(record.separators, total: total) }
      return .failure(.overrun(scanned: scanned, limit: record.maxLength))
    case .unknown:
      // An error leaves what came before it readable by other means.
      if let failure { return .failure(failure) }
      return buffer.hasEnded ? .leftOver(buffer.take(.max)) : .wait
    }
  }

  mutating func takeLine<Line>(
    _ record: RecordDemand, _ overrun: StreamReader.Overrun,
    _ convert: (UnsafeBufferPointer<UInt8>) -> Line?
  ) -> ReadStep<Line?> {
    takeRecord(record, overrun) { buffer, length, total -> ReadStep<Line?> in
      let line = unsafe buffer.withContents { bytes in
        unsafe convert(UnsafeBufferPointer(rebasing: bytes.prefix(length)))
      }
      guard let line else { return .failure(.invalidText(buffer.take(total))) }
      buffer.consume(total)
      return .value(line)
    }.flattened { rest in
      if rest.isEmpty { return .value(nil) }
      // A CR without its LF belongs to the text.
      let line = unsafe rest.withUnsafeBufferPointer { unsafe convert($0) }
      return line.map { .value($0) } ?? .failure(.invalidText(rest))
    }
  }
}

extension ReadStep {
  fileprivate func flattened<Inner>(
    _ leftOver: ([UInt8]) -> ReadStep<Inner>
  ) -> ReadStep<Inner> where Value == ReadStep<Inner> {
    switch self {
    case .value(let inner): inner
    case .failure(let error): .failure(error)
    case .wait: .wait
    case .leftOver(let bytes): leftOver(bytes)
    }
  }
}

extension StreamError {
  static func invalidText(_ bytes: [UInt8]) -> StreamError {
    StreamError(.invalidUTF8, "A line of \(bytes.count) bytes is not UTF-8.", partial: bytes)
  }
}
