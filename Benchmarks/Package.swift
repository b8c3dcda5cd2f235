// swift-tools-version: 6.2
import PackageDescription

// Apart from the library's package, so that who depends on that never resolves what the benchmarks need.
let package = Package(
  name: "fluvial-benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "fluvial", path: "..")],
  targets: [
    .executableTarget(
      name: "bench-server", dependencies: [.product(name: "Fluvial", package: "fluvial")]),
    .executableTarget(
      name: "hop-costs", dependencies: [.product(name: "Fluvial", package: "fluvial")]),
  ]
)
