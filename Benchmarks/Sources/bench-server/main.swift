// bench-server PORT|UNIXPATH MODE LAYER
// MODE: echo line sink source broadcast; LAYER: protocol streams lend
import Fluvial

let arguments = CommandLine.arguments
guard arguments.count == 4, let mode = Mode(rawValue: arguments[2]) else {
  fatalError(
    "usage: bench-server PORT|UNIXPATH echo|line|sink|source|broadcast protocol|streams|lend")
}
let place = arguments[1]
let layer = arguments[3]

try EventLoop.run {
  switch layer {
  case "protocol": try await serveByProtocol(at: place, mode)
  case "lend": try await serve(at: place, lendingHandler(mode))
  default: try await serve(at: place, streamsHandler(mode))
  }
}

enum Mode: String { case echo, line, sink, source, broadcast }

func serve(at place: String, _ handler: @escaping Server.Handler) async throws {
  let server =
    if let port = Int(place) {
      try await startServer(host: "127.0.0.1", port: port, handler: handler)
    } else {
      try await startServer(unixPath: place, handler: handler)
    }
  try await server.serveForever()
}
