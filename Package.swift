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

    // What the two chat programs agree on: values only, no socket and no loop.
    .target(name: "ChatWire", path: "Examples/ChatWire", swiftSettings: strict),
    .testTarget(name: "ChatWireTests", dependencies: ["ChatWire"], swiftSettings: strict),
  ]
)
