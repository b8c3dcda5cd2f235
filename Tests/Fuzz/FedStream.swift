import Fluvial
import FluvialTransports
import StreamTestSupport

/// How an input is cut: sizes that come round again.
struct Pieces {
  private let sizes: [Int]
  private var next = 0

  init(_ choices: inout InputBytes) {
    sizes = [choices.choice(1...9), choices.choice(1...17)]
  }

  mutating func size() -> Int {
    next += 1
    return sizes[next % 2]
  }
}

/// A reader without a transport: what it gets, and where it is cut, is in the hands of the fuzzer.
///
/// On the loop only.
struct FedStream: Sendable {
  /// A defect on purpose, in what stands between the input and the reader.
  enum Plant {
    /// A LF that comes apart from its CR is lost.
    case splitReturn
    /// The last byte of a piece of eight is lost.
    case lostAtCut
  }

  let core: StreamReaderProtocol
  let reader: StreamReader
  private let plant: Plant?

  init(_ plant: Plant? = nil) throws {
    core = try StreamReaderProtocol(loop: EventLoop.current ?? .shared)
    reader = core.makeStreams().reader
    self.plant = plant
  }

  /// Delivers all of it in pieces, then the end.
  func feed(_ data: [UInt8], _ pieces: inout Pieces) async throws {
    var rest = data[...]
    // The reader looks before anything is there, after a while of it, or when all has come.
    if pieces.size() % 2 == 0 { await turns(1) }
    var before: UInt8 = 0
    while !rest.isEmpty {
      var piece = Array(rest.prefix(pieces.size()))
      rest = rest.dropFirst(piece.count)
      let last = piece.last ?? 0
      switch plant {
      case .splitReturn: if before == 13, piece.first == 10 { piece.removeFirst() }
      case .lostAtCut: if piece.count == 8 { piece.removeLast() }
      case nil: break
      }
      before = last
      if !piece.isEmpty { core.dataReceived(piece.span) }
      if pieces.size() % 3 == 0 { await turns(1) }
    }
    _ = core.eofReceived()
  }
}
