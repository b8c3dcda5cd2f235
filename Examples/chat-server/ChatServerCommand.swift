import ArgumentParser
import ChatServing
import ChatWire
import Fluvial
import Glibc

/// The chat server as a program.
@main enum ChatServerCommand {
  static func main() {
    var arguments = Array(CommandLine.arguments.dropFirst())
    let limits: ChatLimits
    do {
      limits = try ChatLimits(arguments: &arguments, environment: environment)
    } catch {
      Complaint.write("\(error)")
      exit(Complaint.usage)
    }
    do {
      let options = try CommandLineOptions.parse(arguments)
      let status = try EventLoop.run { await Service(options: options, limits: limits).run() }
      exit(status)
    } catch {
      CommandLineOptions.exit(withError: error)
    }
  }

  /// The variables that the limits are read from.
  private static var environment: [String: String] {
    var values: [String: String] = [:]
    for name in ChatLimits.variables {
      if let value = unsafe getenv(name) { values[name] = unsafe String(cString: value) }
    }
    return values
  }
}
