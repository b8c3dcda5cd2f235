// bench-server PORT|UNIXPATH echo|line|sink|source|broadcast protocol|streams|lend [LOOPS]
import Fluvial

let arguments = CommandLine.arguments
guard (4...5).contains(arguments.count), let mode = Mode(rawValue: arguments[2]),
  let loops = arguments.count == 5 ? Int(arguments[4]) : 1
else {
  fatalError(
    "usage: bench-server PORT|UNIXPATH echo|line|sink|source|broadcast protocol|streams|lend [LOOPS]"
  )
}
let place = arguments[1]
let layer = arguments[3]

try EventLoop.run {
  switch layer {
  case "protocol": try await serveByProtocol(at: place, mode, loops: loops)
  case "lend": try await serve(at: place, loops: loops, lendingHandler(mode))
  default: try await serve(at: place, loops: loops, streamsHandler(mode))
  }
}

enum Mode: String { case echo, line, sink, source, broadcast }

func serve(at place: String, loops: Int, _ handler: @escaping Server.Handler) async throws {
  let server =
    if let port = Int(place) {
      try await startServer(host: "127.0.0.1", port: port, loops: loops, handler: handler)
    } else {
      try await startServer(unixPath: place, loops: loops, handler: handler)
    }
  try await server.serveForever()
}
