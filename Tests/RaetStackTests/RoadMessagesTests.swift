import RaetCrypto
import RaetSession
import RaetWire
import Testing

@testable import RaetStack

/// Messages between two engines in virtual time: each ends in one report, and arrives once with exact bytes.
@Suite struct RoadMessagesTests {
  @Test(arguments: [0, 5, 20, 50], [1, 2, 3] as [UInt64])
  func allArriveOnceAndAreReportedDelivered(loss: Int, seed: UInt64) throws {
    let pair = try Pair(seed)
    pair.road.loss = loss
    pair.road.doubles = loss
    pair.road.delay = 1...40
    let sizes = [0, 1, 100, 5_000, 100_000]
    for tag in 0..<20 {
      let body = makeBody(tag, sizes[tag % sizes.count])
      try pair.sendThere(body, tag: UInt64(tag))
      try pair.sendBack(body, tag: UInt64(tag))
    }
    let isDone = pair.road.run(250 * second) {
      [pair.main, pair.other].allSatisfy { $0.events(.delivered).count + $0.events(.failed).count == 20 }
    }
    #expect(isDone, "seed \(seed), loss \(loss)")
    for node in [pair.main, pair.other] {
      #expect(node.events(.failed).isEmpty, "seed \(seed), loss \(loss)")
      #expect(Set(node.events(.delivered).map { $0.tag }).count == 20)
      #expect(node.bodies.count == 20)
      let areExact = Set(node.bodies) == Set((0..<20).map { makeBody($0, sizes[$0 % sizes.count]) })
      #expect(areExact, "seed \(seed), loss \(loss)")
    }
    pair.road.loss = 0
    pair.road.run(2 * second)
    #expect(try pair.there.messages.window.inFlight == 0)
    #expect(try pair.there.messages.isIdle)
  }
}
