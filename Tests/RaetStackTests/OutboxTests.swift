import RaetWire
import Testing

@testable import RaetStack

/// Datagrams on their way out, and what happens when nobody takes them.
@Suite struct OutboxTests {
  @Test func whatGoesInComesOutInOrder() {
    let outbox = Outbox(filler: Address(ipv4: 0, port: 0))
    var chance = Chance(seed: 1)
    var model: [(UInt8, Int, UInt16)] = []
    for step in 0..<5000 {
      if chance.happens(60), let slot = outbox.slot() {
        let length = chance.number(1...1024)
        slot.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: step))
        outbox.commit(length, to: Address(ipv4: 1, port: UInt16(step)))
        model.append((UInt8(truncatingIfNeeded: step), length, UInt16(step)))
      } else {
        let removed = min(chance.number(0...20), model.count)
        outbox.remove(removed)
        model.removeFirst(removed)
      }
      guard outbox.count == model.count, outbox.room == Outbox.capacity - model.count else {
        Issue.record("step \(step)")
        return
      }
      for index in [0, model.count - 1] where model.indices.contains(index) {
        let datagram = outbox.datagram(index)
        let isSame =
          datagram?.bytes.count == model[index].1 && datagram?.to.port == model[index].2
          && datagram?.bytes.allSatisfy { $0 == model[index].0 } == true
        #expect(isSame, "step \(step)")
      }
    }
    #expect(outbox.datagram(-1) == nil && outbox.datagram(outbox.count) == nil)
    outbox.remove(9999)
    outbox.remove(-1)
    #expect(outbox.count == 0)
  }

  @Test func anEngineWhoseDatagramsNobodyTakesLosesThemAndLives() throws {
    let pair = try Pair(1)
    let there = try pair.there
    for number in 0..<2000 { try pair.other.send(makeBody(number, 200), to: there.id, now: pair.road.now) }
    // A socket that takes nothing for a minute.
    for step in 1...600 as ClosedRange<UInt64> {
      let now = pair.road.now + step * 100 * millisecond
      pair.other.road.service(now: now)
      let packet = Forger.packet(
        .alive, .request, from: there.farID, to: there.nearID, session: there.far.id,
        transaction: 10_000 + UInt32(step), signer: pair.main)
      var bytes = packet
      bytes.withUnsafeMutableBytes { pair.other.road.receive($0, from: pair.main.address, now: now) }
    }
    #expect(pair.other.road.outbox.count <= Outbox.capacity)
    pair.road.now += 60 * second
    #expect(pair.road.run(60 * second) { pair.main.bodies.count == 2000 })
    pair.road.run(10 * second)
    #expect(pair.other.events(.delivered).count == 2000)
  }
}
