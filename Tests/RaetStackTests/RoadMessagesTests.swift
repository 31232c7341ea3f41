import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Messages between two engines in virtual time: each ends in one report, and arrives once with exact bytes.
@Suite struct RoadMessagesTests {
  static let second: UInt64 = 1_000_000_000

  /// A main and another estate, connected; `there` is the other's handle for the main.
  static func pair(_ seed: UInt64) throws -> (road: VirtualRoad, main: Node, other: Node, there: UInt64) {
    let road = VirtualRoad(seed: seed)
    let main = try Node("main", port: 1, seed: seed &* 2) {
      $0.isMain = true
      $0.accept = .once
    }
    let other = try Node("other", port: 2, seed: seed &* 2 &+ 1) { $0.accept = .once }
    road.nodes = [main, other]
    let there = try other.connect(to: main, now: road.now)
    let isConnected = road.run(limit: 10 * second) {
      !main.events(.allowed).isEmpty && !other.events(.allowed).isEmpty
    }
    #expect(isConnected)
    return (road, main, other, there)
  }

  static func body(_ size: Int, _ mark: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ mark) }
  }

  @Test(arguments: [0, 5, 20, 40], [1, 2, 3] as [UInt64])
  func allArriveOnceAndAreReportedDelivered(loss: Int, seed: UInt64) throws {
    let (road, main, other, there) = try Self.pair(seed)
    let back = try main.road.findRemote(name: "other")
    road.loss = loss
    road.doubles = loss
    road.delay = 40
    let sizes = [0, 1, 100, 5_000, 100_000]
    for tag in 0..<20 {
      let body = Self.body(sizes[tag % sizes.count], tag)
      try other.send(body, to: there, tag: UInt64(tag), now: road.now)
      try main.send(body, to: back, tag: UInt64(tag), now: road.now)
    }
    let isDone = road.run(limit: 250 * Self.second) {
      main.events(.delivered).count + main.events(.failed).count == 20
        && other.events(.delivered).count + other.events(.failed).count == 20
    }
    #expect(isDone, "seed \(seed), loss \(loss)")
    for node in [main, other] {
      #expect(node.events(.failed).isEmpty, "seed \(seed), loss \(loss)")
      #expect(Set(node.events(.delivered).map { $0.tag }).count == 20)
      #expect(node.bodies.count == 20)
      let expected = Set((0..<20).map { Self.body(sizes[$0 % sizes.count], $0) })
      let areExact = Set(node.bodies) == expected
      #expect(areExact)
    }
    road.run(limit: 2 * Self.second)
    #expect(try other.road.remote(there).messages.window.inFlight == 0)
    #expect(try other.road.remote(there).messages.isIdle)
  }
}
