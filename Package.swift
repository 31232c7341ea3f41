// swift-tools-version: 6.2
import PackageDescription

// One manifest for both modes: SwiftPM makes the archive, the Makefile links libraet.so from it and adds
// "-enable-experimental-feature Embedded" for the shipped library.

/// The warning group tells, in the regular mode already, what the embedded one would refuse.
let swift: [SwiftSetting] = [.treatAllWarnings(as: .error), .treatWarning("EmbeddedRestrictions", as: .error)]

/// What ships, where bytes count for more than nanoseconds: these two would be a tenth of the library larger.
let small: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// Tests and the simulator run in the regular mode only.
let tests: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
  name: "raet",
  products: [
    .library(name: "raet", type: .static, targets: ["RaetABI"]),
    .library(name: "RaetSimulator", targets: ["RaetSimulator", "RaetStack"]),
  ],
  targets: [
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CMsgpack", pkgConfig: "msgpack", providers: [.apt(["libmsgpack-dev"])]),
    .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
    .systemLibrary(name: "CPosix"),
    .systemLibrary(name: "CRaet"),
    .target(name: "RaetWire", dependencies: ["CMsgpack", "CJansson", "CPosix"], swiftSettings: swift),
    .target(name: "RaetCrypto", dependencies: ["CSodium", "CPosix"], swiftSettings: swift),
    .target(name: "RaetSession", dependencies: ["RaetWire", "RaetCrypto"], swiftSettings: swift),
    .target(name: "RaetStack", dependencies: ["RaetSession", "RaetWire", "RaetCrypto"], swiftSettings: swift),
    .target(
      name: "RaetRouter", dependencies: ["RaetStack", "RaetSession", "RaetWire", "RaetCrypto"],
      swiftSettings: swift + small),
    .target(name: "RaetIO", dependencies: ["RaetStack", "RaetWire", "RaetCrypto", "CPosix"], swiftSettings: swift),
    .target(
      name: "RaetABI",
      dependencies: [
        "RaetIO", "RaetRouter", "RaetStack", "RaetSession", "RaetWire", "RaetCrypto", "CRaet", "CSodium", "CPosix",
      ],
      exclude: ["raet.map"], swiftSettings: swift + small),
    .target(
      name: "RaetSimulator", dependencies: ["RaetRouter", "RaetStack", "RaetSession", "RaetWire", "RaetCrypto"],
      swiftSettings: tests),
    .executableTarget(name: "raet-sim", dependencies: ["RaetSimulator", "RaetStack", "CSodium"], swiftSettings: tests),
    .testTarget(
      name: "RaetWireTests", dependencies: ["RaetWire", "RaetCrypto"], resources: [.copy("Vectors")],
      swiftSettings: tests),
    .testTarget(name: "RaetCryptoTests", dependencies: ["RaetCrypto"], swiftSettings: tests),
    .testTarget(
      name: "RaetSessionTests", dependencies: ["RaetSession", "RaetWire", "RaetCrypto"], swiftSettings: tests),
    .testTarget(
      name: "RaetStackTests", dependencies: ["RaetStack", "RaetSession", "RaetWire", "RaetCrypto"],
      swiftSettings: tests),
    .testTarget(
      name: "RaetRouterTests", dependencies: ["RaetRouter", "RaetStack", "RaetWire", "RaetCrypto"],
      swiftSettings: tests),
    .testTarget(name: "RaetIOTests", dependencies: ["RaetIO", "RaetStack", "RaetWire"], swiftSettings: tests),
    .testTarget(name: "RaetABITests", dependencies: ["RaetABI", "CRaet"], swiftSettings: tests),
    .testTarget(
      name: "RaetSimulatorTests",
      dependencies: ["RaetSimulator", "raet-sim", "RaetStack", "RaetSession", "RaetWire"], swiftSettings: tests),
  ],
  swiftLanguageModes: [.v6]
)
