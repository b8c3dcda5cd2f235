internal import Fluvial
internal import FluvialTransports

extension StreamCheck {
  static let reading: [StreamCheck] = [
    StreamCheck("reads and lines share one buffer") { near, far, _ in
      try await far.writer.write("first\r\nsecond\nrest and more")
      let first = try await near.reader.readLine()
      try demand(first == "first", "a CRLF line reads as \(first ?? "the end")")
      let second = try await near.reader.read(until: [10])
      try demand(second == Array("second\n".utf8), "a record is \(second)")
      let rest = try await near.reader.read(exactly: 4)
      try demand(rest == Array("rest".utf8), "a count is \(rest)")
      let peeked = try await near.reader.peek(4)
      let and = try await near.reader.read(upTo: 4)
      try demand(peeked == and, "a peek took something")
    },
    StreamCheck("a separator may be cut at every byte") { near, far, _ in
      let text = Array("one<END>two<EN<END>".utf8)
      let writing = begin {
        for byte in text {
          try await far.writer.write([byte])
          try await far.writer.flush()
          await settle()
        }
      }
      for expected in ["one<END>", "two<EN<END>"] {
        let record = try await near.reader.read(until: Array("<END>".utf8))
        try demand(record == Array(expected.utf8), "a record is \(record)")
      }
      try await writing.value
    },
    StreamCheck("no byte at all is nothing, and a negative count is refused") { near, far, _ in
      try await far.writer.write("x")
      let none = try await near.reader.read(upTo: 0)
      try demand(none == [], "a read of nothing gives \(none ?? [])")
      try await demand(.invalidArgument, from: "a read of -1") {
        try await near.reader.read(upTo: -1)
      }
      let one = try await near.reader.read(upTo: 5)
      try demand(one == Array("x".utf8), "a byte was taken")
    },
    StreamCheck("a second reader is refused, the first undisturbed") { near, far, _ in
      let first = begin { try await near.reader.read(exactly: 2) }
      await settle()
      try await demand(.busy, from: "a second read") { try await near.reader.read(upTo: 1) }
      try await far.writer.write("ab")
      let got = try await first.value
      try demand(got == Array("ab".utf8), "the first reader got \(got)")
    },
    StreamCheck("a waiting read does not keep the same end from writing") { near, far, _ in
      let waiting = begin { try await near.reader.read(exactly: 4) }
      await settle()
      try await near.writer.write("ping")
      let ping = try await far.reader.read(exactly: 4)
      try demand(ping == Array("ping".utf8), "it wrote \(ping)")
      try await far.writer.write("pong")
      let pong = try await waiting.value
      try demand(pong == Array("pong".utf8), "it read \(pong)")
    },
    StreamCheck("a cancelled read and a timed-out read lose nothing") { near, far, options in
      var random = SeededGenerator(seed: options.seed)
      let sent = sample(2000)
      var place = 0
      for _ in 0..<50 {
        let size = Int.random(in: 0...20, using: &random)
        try await far.writer.write(Array(sent[place..<place + size]))
        place += size
        let read = begin { try await near.reader.read(exactly: 5000) }
        for _ in 0..<Int.random(in: 0...5, using: &random) { await Task.yield() }
        read.cancel()
        guard case .failure(let error) = await read.result, error is CancellationError else {
          throw Broken(description: "a cancelled read does not throw CancellationError")
        }
      }
      for _ in 0..<10 {
        do {
          _ = try await withTimeout(.microseconds(50)) { try await near.reader.read(exactly: 5000) }
          throw Broken(description: "a read of what does not come ends")
        } catch is TimeoutError {}
      }
      try await far.writer.write(Array(sent[place...]))
      let got = try await near.reader.read(exactly: sent.count)
      try demand(got == sent, "bytes were lost or changed")
    },
    StreamCheck("after an over-long record the next one is read") { near, far, _ in
      let long = String(repeating: "x", count: 5000)
      let writing = begin { try await far.writer.write(long + "\nnext\n") }
      try await demand(.limitOverrun, from: "an over-long line") {
        try await near.reader.readLine(maxLength: 100)
      }
      let next = try await near.reader.readLine(maxLength: 100)
      try demand(next == "next", "the next line is \(next ?? "the end")")
      try await writing.value
    },
  ]
}
