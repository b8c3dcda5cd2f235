// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built with the same strictness.
///
/// None of these settings reaches a package that depends on us.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// For the executables only.
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "fluvial",
  platforms: [.macOS(.v26)],
  products: [
    // The second comes with the first, and its symbols are as public.
    .library(name: "Fluvial", targets: ["Fluvial", "FluvialTransports"]),
    .library(name: "FluvialTerminal", targets: ["FluvialTerminal"]),
    .library(name: "FluvialTesting", targets: ["FluvialTesting"]),
  ],
  traits: [
    // Off unless asked for: without it the package behind it is not even resolved.
    .trait(
      name: "ServiceLifecycle",
      description: "Servers are services of swift-service-lifecycle.")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    // For the executables only.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    // With the trait of that name only.
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
  ],
  targets: [
    // The only code that includes libuv. Linked by name, so that no pkg-config program is needed.
    .target(name: "CFluvial", linkerSettings: [.linkedLibrary("uv")]),
    // What several layers share: the lock and the byte queue.
    .target(name: "FluvialPrimitives", swiftSettings: strict),
    // The event loop, transports and protocols.
    .target(
      name: "FluvialTransports",
      dependencies: [
        "CFluvial", "CTerminalGuard", "FluvialPrimitives",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: strict),
    // Readers, writers and servers for async code.
    .target(
      name: "Fluvial",
      dependencies: [
        "FluvialPrimitives", "FluvialTransports",
        .product(
          name: "ServiceLifecycle", package: "swift-service-lifecycle",
          condition: .when(traits: ["ServiceLifecycle"])),
      ], swiftSettings: strict),
    // Streams in memory, with faults, and the checks that any pair of streams must pass.
    .target(
      name: "FluvialTesting",
      dependencies: ["Fluvial", "FluvialPrimitives", "FluvialTransports"],
      swiftSettings: strict),
    .testTarget(
      name: "FluvialTransportsTests",
      dependencies: [
        "CFluvial", "FluvialTransports", "FluvialPrimitives", "StreamTestSupport", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "FluvialTests",
      dependencies: [
        "Fluvial", "FluvialTransports", "FluvialPrimitives", "StreamTestSupport", "TestSupport",
        "plumbing-probe", "stream-promises",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "FluvialTestingTests",
      dependencies: ["Fluvial", "FluvialTesting", "FluvialTransports", "StreamTestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "FluvialPrimitivesTests", dependencies: ["FluvialPrimitives"], swiftSettings: strict),

    // The terminal's modes and putting it back, in C: safe in a signal handler.
    .target(name: "CTerminalGuard"),

    // Bodies on a loop that must leave nothing behind, and sockets in the hands of a test.
    .target(
      name: "StreamTestSupport",
      dependencies: [
        "CTestSupport", "Fluvial", "FluvialPrimitives", "FluvialTesting", "FluvialTransports",
        "TestSupport",
      ],
      path: "Tests/StreamTestSupport", swiftSettings: strict),

    // Programs under test: on a pseudo-terminal or on pipes, every wait with a deadline.
    .target(name: "CTestSupport", path: "Tests/CTestSupport"),
    .target(
      name: "TestSupport", dependencies: ["CTestSupport"], path: "Tests/TestSupport",
      swiftSettings: strict),
    .testTarget(
      name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: strict),
    .executableTarget(
      name: "terminal-guard-probe", dependencies: ["CTerminalGuard", "CTestSupport"],
      path: "Tests/Probes/terminal-guard-probe", swiftSettings: strict),
    .executableTarget(
      name: "plumbing-probe", dependencies: ["Fluvial", "StreamTestSupport"],
      path: "Tests/Probes/plumbing-probe", swiftSettings: strict),
    // What the streams promise, by programs on the public API.
    .executableTarget(
      name: "stream-promises", dependencies: ["Fluvial"], path: "Tests/Probes/stream-promises",
      swiftSettings: strict),
    .testTarget(
      name: "CTerminalGuardTests", dependencies: ["CTerminalGuard", "TestSupport"],
      swiftSettings: strict),

    // The rows of the reliability table, as the programs under Tests that are no suites print them.
    .target(
      name: "CheckRows", dependencies: ["CTestSupport"], path: "Tests/CheckRows",
      swiftSettings: strict),

    // What a sanitizer must find before it is believed.
    .executableTarget(
      name: "planted-defect", path: "Tests/Probes/planted-defect", swiftSettings: strict),

    // Cancellation storms, as rows.
    .executableTarget(
      name: "storm-rows",
      dependencies: ["CheckRows", "Fluvial", "FluvialTransports", "StreamTestSupport"],
      path: "Tests/Storms", swiftSettings: strict),
    // What is made and ended many times over leaves nothing, as rows.
    .executableTarget(
      name: "leak-rows",
      dependencies: ["CheckRows", "Fluvial", "FluvialTransports", "StreamTestSupport"],
      path: "Tests/Leaks", swiftSettings: strict),
    // Bad inputs, drawn, against models, as rows.
    .executableTarget(
      name: "fuzz-rows",
      dependencies: [
        "ChatWire", "CheckRows", "Fluvial", "FluvialTerminal", "FluvialTransports",
        "StreamTestSupport",
      ], path: "Tests/Fuzz", swiftSettings: strict),
    // Load held, as rows, with the other side in a process of its own.
    .executableTarget(
      name: "load-rows",
      dependencies: [
        "CTestSupport", "CheckRows", "Fluvial", "FluvialTransports", "StreamTestSupport",
        "TestSupport",
      ], path: "Tests/Load", swiftSettings: strict),
    // Slow and hostile peers, as rows, with the server that they meet in a process of its own.
    .executableTarget(
      name: "hostile-rows",
      dependencies: [
        "CTestSupport", "CheckRows", "Fluvial", "FluvialTransports", "StreamTestSupport",
        "TestSupport",
      ], path: "Tests/Hostile", swiftSettings: strict),

    // The faults: a program that has them put into it, and the one that does it. The shim that they come from is a
    // library to be preloaded, which `.ci/legs/faults` builds.
    .target(name: "CFaultKit", path: "Tests/Faults/CFaultKit"),
    .executableTarget(
      name: "fault-subject", dependencies: ["Fluvial", "FluvialPrimitives", "FluvialTransports"],
      path: "Tests/Faults/Subject", swiftSettings: strict),
    .executableTarget(
      name: "fault-run",
      dependencies: [
        "CFaultKit", "CheckRows", "Fluvial", "FluvialPrimitives", "FluvialTransports",
        "TestSupport",
      ],
      path: "Tests/Faults/Run", swiftSettings: strict),

    // What the two chat programs agree on: values only, no socket and no loop.
    .target(name: "ChatWire", path: "Examples/ChatWire", swiftSettings: strict),
    .testTarget(name: "ChatWireTests", dependencies: ["ChatWire"], swiftSettings: strict),
    // The chat server as a library, so that another program can host one.
    .target(
      name: "ChatServing", dependencies: ["Fluvial", "ChatWire"], path: "Examples/ChatServing",
      swiftSettings: strict),
    .executableTarget(
      name: "chat-server",
      dependencies: [
        "ChatServing", "ChatWire", "Fluvial", "ProgramSupport", argumentParser,
      ], path: "Examples/chat-server", swiftSettings: strict),
    // Not a program to copy from: a crowd that tries the server.
    .executableTarget(
      name: "chat-load",
      dependencies: ["Fluvial", "ProgramSupport", argumentParser], path: "Examples/chat-load",
      swiftSettings: strict),

    .executableTarget(
      name: "chat-client",
      dependencies: [
        "ChatServing", "ChatWire", "Fluvial", "FluvialTerminal", "ProgramSupport",
        argumentParser,
      ], path: "Examples/chat-client", swiftSettings: strict),

    // Keys, the line editor and the prompt row: values that need neither a loop nor a terminal, and a terminal's
    // and a prompt's async face over them.
    .target(
      name: "FluvialTerminal", dependencies: ["Fluvial", "FluvialPrimitives", "FluvialTransports"],
      swiftSettings: strict),
    .executableTarget(
      name: "terminal-probe", dependencies: ["Fluvial", "FluvialTerminal", "FluvialTransports"],
      path: "Tests/Probes/terminal-probe", swiftSettings: strict),
    .testTarget(
      name: "FluvialTerminalTests",
      dependencies: ["FluvialTerminal", "FluvialTransports", "TestSupport"],
      swiftSettings: strict),

    // Programs to read and to copy from: one folder, one program, public API only. What they share is how they
    // complain and end.
    .target(
      name: "ProgramSupport", dependencies: ["Fluvial", argumentParser],
      path: "Examples/ProgramSupport", swiftSettings: strict),
    .executableTarget(
      name: "http-get", dependencies: ["Fluvial", "ProgramSupport", argumentParser],
      path: "Examples/http-get", swiftSettings: strict),
    .executableTarget(
      name: "echo-server", dependencies: ["Fluvial", "ProgramSupport", argumentParser],
      path: "Examples/echo-server", swiftSettings: strict),
    .executableTarget(
      name: "calculator", dependencies: ["Fluvial", "ProgramSupport", argumentParser],
      path: "Examples/calculator", swiftSettings: strict),
    .executableTarget(
      name: "tcp-proxy", dependencies: ["Fluvial", "ProgramSupport", argumentParser],
      path: "Examples/tcp-proxy", swiftSettings: strict),
    .executableTarget(
      name: "pipeline", dependencies: ["Fluvial", "ProgramSupport", argumentParser],
      path: "Examples/pipeline", swiftSettings: strict),
    .executableTarget(
      name: "port-scan", dependencies: ["Fluvial", "ProgramSupport", argumentParser],
      path: "Examples/port-scan", swiftSettings: strict),
    .executableTarget(
      name: "stdin-delay",
      dependencies: ["Fluvial", "FluvialTerminal", "ProgramSupport", argumentParser],
      path: "Examples/stdin-delay", swiftSettings: strict),
    // What the documentation shows: its blocks of Swift stand in these files.
    .target(
      name: "Snippets", dependencies: ["Fluvial", "FluvialTerminal", "FluvialTesting"],
      path: "Examples/Snippets", swiftSettings: strict),
    // The example programs, in process and as they were built.
    .testTarget(
      name: "ExampleTests",
      dependencies: [
        "Fluvial", "FluvialTerminal", "ChatWire", "ChatServing", "StreamTestSupport", "TestSupport",
        "http-get", "echo-server",
        "chat-server", "chat-load", "chat-client", "stdin-delay", "calculator", "tcp-proxy",
        "pipeline", "port-scan", "Snippets",
      ], swiftSettings: strict),
  ]
)
