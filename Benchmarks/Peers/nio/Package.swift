// swift-tools-version: 6.0
import PackageDescription

// SwiftNIO's servers. A package of its own, so that our server builds without resolving SwiftNIO.
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "NIOExtras", package: "swift-nio-extras"),
]

let package = Package(
  name: "peers",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
  ],
  targets: [
    .executableTarget(name: "nio-handler", dependencies: nio),
    .executableTarget(name: "nio-async", dependencies: nio),
  ]
)
