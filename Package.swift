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

let package = Package(
  name: "fluvial",
  platforms: [.macOS(.v26)],
  products: [],
  dependencies: [],
  targets: [
    // What several layers share: the lock and the byte queue.
    .target(name: "FluvialPrimitives", swiftSettings: strict),
    .testTarget(
      name: "FluvialPrimitivesTests", dependencies: ["FluvialPrimitives"], swiftSettings: strict),
    // Keys, the line editor and the prompt row, as values that need neither a loop nor a terminal.
    .target(name: "FluvialTerminal", swiftSettings: strict),
    .testTarget(
      name: "FluvialTerminalTests", dependencies: ["FluvialTerminal"], swiftSettings: strict),
  ]
)
