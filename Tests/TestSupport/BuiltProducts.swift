import Glibc

/// The folder where the package manager put the test program, and with it the other products.
package enum BuiltProducts {
  /// The path of an executable of this package.
  ///
  /// Looked for beside the running program and in the folders above it.
  package static func executable(_ name: String) throws(HarnessError) -> String {
    guard let program = realPath("/proc/self/exe") else {
      throw HarnessError("The path of the running test program is unknown.")
    }
    var folder = program[...]
    while let slash = folder.lastIndex(of: "/") {
      folder = folder[..<slash]
      let candidate = "\(folder)/\(name)"
      if unsafe access(candidate, X_OK) == 0, !isFolder(candidate) { return candidate }
    }
    throw HarnessError("No executable \(name) beside or above \(program); build it first.")
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}

/// How the tests, and with them all products, were built.
package enum BuildKind {
  /// Whether the address or the thread sanitizer is part of the program.
  package static var isSanitized: Bool {
    unsafe dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
  }

  /// Whether the program keeps what only debug builds have: reports of connections that nobody closed, texts of traps.
  package static var isDebug: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }

  /// What a limit of time is multiplied with: it is there for tests that hang, not for machines that are slow.
  package static let patience = isSanitized ? 10 : 3
}
