import ChatWire
import Fluvial
import FluvialTerminal

/// What the user asked for.
struct Settings: Sendable {
  var host = "127.0.0.1"
  var port = 8000
  /// nil: ask for it, or take the login name.
  var name: UserName?
  /// Whether to host a server when nobody listens: only where the user named no place.
  var mayHost = false
  var mode = TerminalMode.raw
  var color = ColorChoice.auto
  var isPlain = false
  var reconnects = true
  var ringsBell = false
  /// Where what was sent is kept for the next time.
  var historyPath: String?
}

/// How the program ends.
struct Ending: Error, Equatable {
  var status: Int32
  /// What to say on standard error, once the terminal is restored.
  var complaint: String?

  /// The user, or the server, has finished.
  static let finished = Ending(status: 0)
  /// Ctrl-c, as a shell reports it.
  static let interrupted = Ending(status: 130)
  /// What was printed did not get out: on a full disk, say.
  ///
  /// Whoever stopped reading on purpose needs no sentence.
  static func unheard(_ error: any Error) -> Ending {
    let isWanted = (error as? StreamError)?.cause == .brokenPipe
    return Ending(status: 74, complaint: isWanted ? nil : "\(error)")
  }
  /// There is no server, or not any more.
  static func unavailable(_ complaint: String) -> Ending {
    Ending(status: 69, complaint: complaint)
  }
}
