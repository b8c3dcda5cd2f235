internal import Fluvial
internal import FluvialTransports

/// Writes until there is no room for a while: the peer does not read.
private func fill(_ writer: StreamWriter, from start: Int = 0) async throws -> Int {
  var written = start
  var refusals = 0
  while refusals < 50 {
    if try writer.tryWrite(sample(1000, from: written)) {
      written += 1000
      refusals = 0
    } else {
      refusals += 1
    }
    await Task.yield()
  }
  return written
}

extension StreamCheck {
  static let writing: [StreamCheck] = [
    StreamCheck("writing nothing sends nothing") { near, far, _ in
      try await near.writer.write([])
      try await near.writer.write("")
      try await near.writer.write(contentsOf: [[], []])
      try await near.writer.write("x")
      let got = try await far.reader.read(upTo: 10)
      try demand(got == Array("x".utf8), "the peer reads \(got ?? [])")
    },
    StreamCheck("arrays, slices, sequences, spans, pieces and text are accepted") { near, far, _ in
      let array = Array("array ".utf8)
      try await near.writer.write(array)
      try await near.writer.write(array[0..<2])
      try await near.writer.write(repeatElement(33, count: 2))
      try await near.writer.write(array.span)
      try await near.writer.write("text ")
      try await near.writer.write(contentsOf: [array, [46]])
      let expected = Array("array ar!!array text array .".utf8)
      let got = try await far.reader.read(exactly: expected.count)
      try demand(got == expected, "the peer reads \(got)")
    },
    StreamCheck("a flush waits until nothing is left") { near, far, options in
      let sent = sample(options.volume)
      let reading = begin { try await far.reader.read(exactly: options.volume) }
      try await near.writer.write(sent)
      try await near.writer.flush()
      try demand(near.writer.bufferedCount == 0, "\(near.writer.bufferedCount) bytes are left")
      let got = try await reading.value
      try demand(got == sent, "bytes were lost or changed")
    },
    StreamCheck("without room a try is false, a write waits, and reading makes room") {
      near, far, _ in
      let written = try await fill(near.writer)
      let held = near.writer.bufferedCount
      try demand(try !near.writer.tryWrite([1]), "there is room after all")
      try demand(near.writer.bufferedCount == held, "a refused try was queued")
      let waiting = begin { try await near.writer.write([7]) }
      let got = try await far.reader.read(exactly: written)
      try demand(got == sample(written), "bytes were lost or changed")
      try await waiting.value
      let last = try await far.reader.read(exactly: 1)
      try demand(last == [7], "the write that waited sent \(last)")
    },
    StreamCheck("a cancelled write sends nothing, and the stream goes on") { near, far, _ in
      var written = try await fill(near.writer)
      var attempts = 0
      while true {
        let place = written
        let doomed = begin { try await near.writer.write(sample(500, from: place)) }
        await settle()
        doomed.cancel()
        if case .failure(let error) = await doomed.result {
          try demand(error is CancellationError, "a cancelled write throws \(error)")
          break
        }
        // There was room after all: what is between the ends, as a terminal's kernel, may take more a while later.
        attempts += 1
        try demand(attempts < 50, "a cancelled write without room does not throw")
        written = try await fill(near.writer, from: written + 500)
      }
      let last = begin { try await near.writer.write("last") }
      let got = try await far.reader.read(exactly: written + 4)
      try demand(got == sample(written) + Array("last".utf8), "something else was sent")
      try await last.value
    },
    StreamCheck("values of several tasks never mix") { near, far, _ in
      let writing = begin {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for task in 0..<3 {
            group.addTask {
              for length in [1, 100, 3000, 20_000] {
                try await near.writer.write(
                  [UInt8](repeating: UInt8(65 + task), count: length) + [10])
              }
            }
          }
          try await group.waitForAll()
        }
      }
      for _ in 0..<12 {
        let line = try await far.reader.readLineBytes() ?? []
        try demand(line.allSatisfy { $0 == line.first }, "two lines are mixed")
        try demand([1, 100, 3000, 20_000].contains(line.count), "a line was torn")
      }
      try await writing.value
    },
    StreamCheck("much each way at once arrives") { near, far, options in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, end) in [near, far].enumerated() {
          group.addTask {
            var random = SeededGenerator(seed: options.seed &+ UInt64(index))
            let sent = sample(options.volume, from: index)
            var place = 0
            while place < sent.count {
              let size = min(Int.random(in: 1...30_000, using: &random), sent.count - place)
              try await end.writer.write(sent[place..<place + size])
              place += size
            }
          }
          group.addTask {
            var random = SeededGenerator(seed: options.seed &+ UInt64(index) &+ 2)
            var got: [UInt8] = []
            while got.count < options.volume {
              guard
                let some = try await end.reader.read(
                  upTo: Int.random(in: 1...30_000, using: &random))
              else { throw Broken(description: "the stream ends too soon") }
              got += some
            }
            try demand(got == sample(options.volume, from: 1 - index), "bytes changed")
          }
        }
        try await group.waitForAll()
      }
    },
  ]
}
