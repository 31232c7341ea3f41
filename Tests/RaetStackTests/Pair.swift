import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// A main and another estate that is connected to it, on a virtual road.
struct Pair {
  let road: VirtualRoad
  let main: Node
  let other: Node

  init(road: VirtualRoad, main: Node, other: Node) {
    self.road = road
    self.main = main
    self.other = other
    road.nodes = [main, other]
  }

  /// Both accept once, unless `change` (which is called for both) says otherwise.
  init(_ seed: UInt64, connects: Bool = true, change: (inout RoadSettings) -> Void = { _ in }) throws {
    road = VirtualRoad(seed: seed)
    main = try Node("main", port: 1, seed: seed &* 2, now: road.now) {
      $0.isMain = true
      $0.accept = .once
      change(&$0)
    }
    other = try Node("other", port: 2, seed: seed &* 2 &+ 1, now: road.now) {
      $0.accept = .once
      change(&$0)
    }
    road.nodes = [main, other]
    try other.connect(to: main, now: road.now)
    guard connects else { return }
    let isConnected = road.run(10 * second) { areAllowed }
    #expect(isConnected, "seed \(seed)")
    road.run(second / 10)
  }

  /// Both sides have the keys for messages.
  var areAllowed: Bool { main.isAllowed("other") && other.isAllowed("main") }
  /// What the other knows of the main.
  var there: Remote { get throws { try other.remote("main") } }
  /// What the main knows of the other.
  var back: Remote { get throws { try main.remote("other") } }

  func sendThere(_ body: [UInt8], tag: UInt64 = 0) throws {
    try other.send(body, to: there.id, tag: tag, now: road.now)
  }
  func sendBack(_ body: [UInt8], tag: UInt64 = 0) throws {
    try main.send(body, to: back.id, tag: tag, now: road.now)
  }

  /// A message goes in both directions.
  func expectThatMessagesPass(_ location: SourceLocation = #_sourceLocation) throws {
    let marks = [[UInt8](repeating: 0xa5, count: 9), [UInt8](repeating: 0x5a, count: 2000)]
    let before = (main.bodies.filter { $0 == marks[0] }.count, other.bodies.filter { $0 == marks[1] }.count)
    try sendThere(marks[0])
    try sendBack(marks[1])
    let pass = road.run(30 * second) {
      main.bodies.filter { $0 == marks[0] }.count > before.0 && other.bodies.filter { $0 == marks[1] }.count > before.1
    }
    #expect(pass, "seed \(road.seed): messages do not pass", sourceLocation: location)
  }
}
