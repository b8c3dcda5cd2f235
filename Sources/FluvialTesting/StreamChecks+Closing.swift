internal import Fluvial
internal import FluvialTransports

/// Writes until it fails: with what.
private func writeUntilError(_ writer: StreamWriter) async throws -> StreamError.Code {
  while true {
    do {
      try await writer.write(sample(10_000))
    } catch let error as StreamError { return error.code }
    await Task.yield()
  }
}

extension StreamCheck {
  static let closing: [StreamCheck] = [
    StreamCheck("after own close everything is refused as closed") { near, far, _ in
      near.writer.close()
      near.writer.close()
      near.writer.abort()
      near.writer.close()
      try await demand(.closed, from: "a read") { try await near.reader.read(upTo: 1) }
      try await demand(.closed, from: "a write") { try await near.writer.write([1]) }
      try await demand(.closed, from: "an empty write") { try await near.writer.write([]) }
      try await demand(.closed, from: "a try") { try near.writer.tryWrite([1]) }
      try await demand(.closed, from: "an end of stream") { try near.writer.writeEOF() }
    },
    StreamCheck("a close wakes a read and a write that wait") { near, far, _ in
      let read = begin { try await near.reader.read(upTo: 1) }
      let write = begin { try await writeUntilError(near.writer) }
      await settle()
      near.writer.close()
      try await demand(.closed, from: "the read") { try await read.value }
      let code = try await write.value
      try demand(code == .closed, "the write fails as \(code)")
    },
    StreamCheck("an abort wakes everybody, and never tells of a success") { near, far, _ in
      let write = begin { try await writeUntilError(near.writer) }
      await settle()
      near.writer.abort()
      let code = try await write.value
      try demand(code == .closed, "the write fails as \(code)")
      try await demand(.closed, from: "a flush") { try await near.writer.flush() }
      let reason = await near.writer.waitClosed()
      try demand(reason == .aborted(nil), "the end is told as \(reason)")
    },
    StreamCheck("what was sent before a close is read, then the end") { near, far, options in
      let sent = sample(options.volume)
      let sending = begin {
        try await far.writer.write(sent)
        far.writer.close()
        return await far.writer.waitClosed()
      }
      await settle()
      let got = try await near.reader.readToEnd()
      try demand(got == sent, "\(got.count) of \(sent.count) bytes came")
      let more = try await near.reader.read(upTo: 1)
      try demand(more == nil, "there is something after the end")
      near.writer.close()
      let reason = try await sending.value
      try demand(reason == .finished, "the end is told as \(reason)")
    },
    StreamCheck("unread input does not harm what was sent before the close") { near, far, options in
      try await near.writer.write(sample(10_000))
      try await near.writer.flush()
      await settle()
      let sent = sample(options.volume)
      let sending = begin {
        try await far.writer.write(sent)
        far.writer.close()
      }
      try await sending.value
      let got = try await near.reader.readToEnd()
      try demand(got == sent, "\(got.count) of \(sent.count) bytes came")
    },
    StreamCheck("the peer's close shows on writing, and stays") { near, far, _ in
      far.writer.close()
      let code = try await writeUntilError(near.writer)
      try demand(code == .broken, "the write fails as \(code)")
      for _ in 0..<3 {
        try await demand(.broken, from: "a later write") { try await near.writer.write([1]) }
      }
    },
    StreamCheck("a peer's abort gives an error or the end, never other data") { near, far, _ in
      let sent = sample(20_000)
      try await far.writer.write(sent)
      await settle()
      far.writer.abort()
      var got: [UInt8] = []
      do {
        while let some = try await near.reader.read(upTo: 999) { got += some }
      } catch let error as StreamError {
        try demand(error.code == .broken, "the read fails as \(error.code)")
      }
      try demand(got == Array(sent.prefix(got.count)), "data was made up")
    },
    StreamCheck("after cancelled reads and writes a close is still graceful") { near, far, _ in
      let read = begin { try await near.reader.read(upTo: 1) }
      await settle()
      read.cancel()
      _ = await read.result
      try await near.writer.write("bye")
      near.writer.close()
      let got = try await far.reader.readToEnd()
      try demand(got == Array("bye".utf8), "the peer reads \(got)")
    },
    StreamCheck("the end can be waited for before and after, and twice") { near, far, _ in
      let early = begin { await near.writer.waitClosed() }
      near.writer.close()
      far.writer.close()
      let reasons = [
        try await early.value, await near.writer.waitClosed(), await near.writer.waitClosed(),
      ]
      try demand(reasons.allSatisfy { $0 == .finished }, "the end is told as \(reasons)")
    },
  ]

  static let halfClosing: [StreamCheck] = [
    StreamCheck("an end of stream, and the answer to what came before it") { near, far, options in
      let sent = sample(options.volume)
      let asking = begin {
        try await near.writer.write(sent)
        try near.writer.writeEOF()
        try near.writer.writeEOF()
        return try await near.reader.readToEnd()
      }
      let question = try await far.reader.readToEnd()
      try demand(question == sent, "\(question.count) of \(sent.count) bytes came")
      try demand(far.reader.isAtEnd, "the reader is not at its end")
      try await far.writer.write("answer")
      far.writer.close()
      let answer = try await asking.value
      try demand(answer == Array("answer".utf8), "the answer is \(answer)")
    },
    StreamCheck("after the end of stream a write is refused as closed") { near, far, _ in
      try near.writer.writeEOF()
      try await demand(.closed, from: "a write") { try await near.writer.write([1]) }
      try await demand(.closed, from: "an empty write") { try await near.writer.write([]) }
      try await far.writer.write("still")
      let got = try await near.reader.read(exactly: 5)
      try demand(got == Array("still".utf8), "the other direction reads \(got)")
    },
    StreamCheck("an end of stream wakes writers that wait") { near, far, _ in
      let write = begin { try await writeUntilError(near.writer) }
      await settle()
      try near.writer.writeEOF()
      let code = try await write.value
      try demand(code == .closed, "the write fails as \(code)")
    },
  ]
}
