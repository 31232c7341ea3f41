// swift-tools-version: 6.2
import PackageDescription

// A message flow of one's own under the simulator of libraet (docs/TESTING.md).
let package = Package(
  name: "flow",
  dependencies: [.package(name: "raet", path: "../..")],
  targets: [.executableTarget(name: "flow", dependencies: [.product(name: "RaetSimulator", package: "raet")])]
)
